"""AdversarialAE: flags rows that a classifier sees differently after an autoencoder."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import tensorflow as tf

from anomaly.machinery.adversarial_base import PredictionDetector
from anomaly.machinery.detector_input import checked_count, checked_number
from anomaly.machinery.detector_losses import (
    balanced_squared_error,
    hidden_divergence,
    kl_divergence,
    with_temperature,
)
from anomaly.machinery.detector_networks import AutoEncoder, checked_model, chosen_autoencoder
from anomaly.machinery.detector_training import TrainingOptions, train
from anomaly.machinery.frozen_classifier import hidden_head, hidden_layer_model, joint_outputs
from tools.errors import ArgumentError


class AdversarialAE(PredictionDetector):
    """Scores a row by KL(model(x) || model(x')) + sum_i w_i * KL(h_i(x) || h_i(x')), x' = ae(x).

    The autoencoder is trained to preserve the classifier's predictions, not the row, so that x'
    loses what an attacker added (Vacanti and Van Looveren 2020, https://arxiv.org/abs/2002.09364).

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        ae: A whole Keras model from rows to reconstructions of the same shape; or
        model: Classifier from rows to class probabilities, which stays as it is.
        encoder_net: tf.keras.Sequential from rows to codes, and
        decoder_net: tf.keras.Sequential from codes to rows.
        model_hl: Keras models h_i from rows to probabilities; they win over hidden_layer_kld.
        hidden_layer_kld: {index of a layer of `model`: output dimension}: h_i is a fixed random
            projection of the layer's output to so many probabilities.
        w_model_hl: The weights w_i; None: ones.
        temperature: T of the prediction for x, p**(1/T) / sum(p**(1/T)); below 1 sharpens.
        data_type: Kind of data, a word for `meta`.

    Raises:
        ArgumentError: A number is out of its limits, or networks do not fit.
        ArgumentTypeError: A network is of a wrong type.
    """

    def __init__(  # noqa: PLR0913  the interface that users know
        self,
        threshold: float | None = None,
        ae: tf.keras.Model | None = None,
        model: tf.keras.Model | None = None,
        encoder_net: tf.keras.Sequential | None = None,
        decoder_net: tf.keras.Sequential | None = None,
        model_hl: Sequence[tf.keras.Model] | None = None,
        hidden_layer_kld: Mapping[int, int] | None = None,
        w_model_hl: Sequence[float] | None = None,
        temperature: float = 1.0,
        data_type: str | None = None,
    ):
        parts = {"encoder_net": encoder_net, "decoder_net": decoder_net}
        self.ae = chosen_autoencoder("ae", ae, AutoEncoder, parts)
        super().__init__(threshold, model, self.ae, data_type)
        self.temperature = checked_number("temperature", temperature, above=0)
        self.hidden_layer_kld = dict(hidden_layer_kld) if hidden_layer_kld else None
        self._heads: list[tf.keras.Model] = []
        if model_hl is None and self.hidden_layer_kld:
            sizes = self.hidden_layer_kld.values()
            self._heads = [hidden_head(checked_count("hidden_layer_kld", size)) for size in sizes]
            layers = zip(self.hidden_layer_kld, self._heads, strict=True)
            model_hl = [hidden_layer_model(self.model, index, head) for index, head in layers]
        self.model_hl = [checked_model("model_hl", side_model) for side_model in model_hl or []]
        self.w_model_hl = _checked_weights(w_model_hl, len(self.model_hl))

    def get_config(self) -> dict[str, Any]:
        """State besides the networks, in JSON types."""
        names = ("threshold", "w_model_hl", "temperature")
        # A list of pairs: JSON has no numbers as keys.
        layers = [*self.hidden_layer_kld.items()] if self.hidden_layer_kld else None
        return {name: getattr(self, name) for name in names} | {"hidden_layer_kld": layers}

    def networks(self) -> dict[str, tf.keras.Model]:
        """Autoencoder, classifier, and for each h_i its projection, or all of it if given."""
        side = self._heads or self.model_hl
        name = "head" if self._heads else "hidden"
        saved = {f"{name}_{i}": network for i, network in enumerate(side)}
        return {"ae": self.ae, "model": self.model.original} | saved

    @classmethod
    def from_saved(cls, config: Mapping[str, Any], networks: Mapping[str, tf.keras.Model]) -> Self:
        """The detector that had this `get_config()` and these `networks()`."""
        numbers = range(len(networks))
        given = [networks[f"hidden_{i}"] for i in numbers if f"hidden_{i}" in networks]
        layers = config["hidden_layer_kld"]
        detector = super().from_saved(
            {**config, "hidden_layer_kld": None if layers is None else dict(layers)},
            {"ae": networks["ae"], "model": networks["model"], "model_hl": given or None},
        )
        for i, head in enumerate(detector._heads):
            head.set_weights(networks[f"head_{i}"].get_weights())
        return detector

    def fit(  # noqa: PLR0913  the interface that users know
        self,
        X: Any,
        loss_fn: Callable | None = None,
        w_model: float = 1.0,
        w_recon: float = 0.0,
        optimizer: Any = tf.keras.optimizers.Adam,
        epochs: int = 20,
        batch_size: int = 128,
        verbose: bool = True,
        log_metric: tuple[str, tf.keras.metrics.Metric] | None = None,
        callbacks: Sequence[tf.keras.callbacks.Callback] | None = None,
        preprocess_fn: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> None:
        """Trains the autoencoder on normal data.

        The loss is w_model * mean score + w_recon * c * mean((x - x')**2), where c gives the
        error the scale of KL(model(x) || model(x')): the ratio of their deviations in the batch.

        Args:
            X: Rows: an array [row, ...], tf.data.Dataset, generator, or function returning one.
            loss_fn: Another loss, a function of rows and reconstructions; None: the one above.
            w_model: Weight of the divergence of the predictions.
            w_recon: Weight of the reconstruction error.
            optimizer: Keras optimizer or its class.
            epochs: Passes over all rows.
            batch_size: Rows in a training step.
            verbose: Shows a progress bar.
            log_metric: Label and Keras metric of (rows, reconstructions), shown by the bar.
            callbacks: Keras callbacks.
            preprocess_fn: Applied to each batch, a tensor, in training only.

        Raises:
            ArgumentError: A value is out of its limits, or the training diverged.
            ArgumentTypeError: An argument is of a wrong type.
        """
        checked_number("w_model", w_model, at_least=0)
        checked_number("w_recon", w_recon, at_least=0)
        classify = joint_outputs(self.model, self.model_hl)

        def matching_loss(x: tf.Tensor, x_recon: tf.Tensor) -> tf.Tensor:
            kl, hidden, _, _ = self._divergences(x, x_recon, classify)
            loss = w_model * tf.reduce_mean(kl + hidden)
            return loss + w_recon * balanced_squared_error(x, x_recon, kl) if w_recon else loss

        batches = self._batches(X, self.ae, batch_size)
        options = TrainingOptions(
            optimizer, epochs, verbose, log_metric, callbacks, preprocess_fn, frozen=self.model
        )
        train(self.ae, loss_fn or matching_loss, batches, options)

    def correct(
        self,
        X: np.ndarray,
        batch_size: float = 1e10,
        return_instance_score: bool = True,
        return_all_predictions: bool = True,
    ) -> dict[str, Any]:
        """Flags rows and classifies them, flagged rows by their reconstructions.

        Args:
            X: Rows [row, ...].
            batch_size: Most rows at once.
            return_instance_score: Whether to return the scores; if not, None takes their place.
            return_all_predictions: Whether to return no_defense and defense; if not, None.

        Returns:
            {"meta": ..., "data": ...} with instance_score, is_adversarial (1 above the threshold,
            else 0) and classes, int64 [row]: corrected; no_defense, the classes of all rows as
            they are; and defense, the classes of all reconstructions.

        Raises:
            ArgumentError: There is no threshold.
        """
        self._require_threshold()
        scores, y, y_recon = self._score_and_predictions(X, batch_size)
        result = self._flagged(scores, return_instance_score)
        no_defense, defense = y.argmax(axis=-1), y_recon.argmax(axis=-1)
        flagged = result["data"]["is_adversarial"] == 1
        result["data"] |= {
            "corrected": np.where(flagged, defense, no_defense),
            "no_defense": no_defense if return_all_predictions else None,
            "defense": defense if return_all_predictions else None,
        }
        return result

    def _call(self, x: tf.Tensor) -> tf.Tensor:
        return self.ae(x, training=False)

    def _score_rows(self, call: Callable, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        x = tf.cast(x, self.ae.compute_dtype)
        classify = joint_outputs(self.model, self.model_hl)
        kl, hidden, y, y_recon = self._divergences(x, call(x), classify)
        return kl + hidden, y, y_recon

    def _divergences(
        self, x: tf.Tensor, x_recon: tf.Tensor, classify: Callable
    ) -> tuple[tf.Tensor, tf.Tensor | float, tf.Tensor, tf.Tensor]:
        """KL(p || q) [row], the weighted sum over hidden layers [row], p and q."""
        (p, *hidden), (q, *hidden_recon) = classify(x), classify(x_recon)
        p = with_temperature(p, self.temperature)
        return (
            kl_divergence(p, q),
            hidden_divergence(hidden, hidden_recon, self.w_model_hl),
            p,
            q,
        )

    def _state(self) -> tuple[Hashable, ...]:
        return (self.ae, self.model, *self.model_hl, self.temperature, *self.w_model_hl)


def _checked_weights(weights: Sequence[float] | None, number: int) -> list[float]:
    if weights is None:
        return [1.0] * number
    if len(weights) != number:
        raise ArgumentError(f"w_model_hl: wants {number} weights, one per hidden layer or model_hl")
    return [checked_number("w_model_hl", weight, at_least=0) for weight in weights]
