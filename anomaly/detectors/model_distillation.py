"""ModelDistillation: flags what a classifier and a small copy of it classify differently."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import tensorflow as tf

from anomaly.machinery.adversarial_base import PredictionDetector
from anomaly.machinery.detector_input import checked_number
from anomaly.machinery.detector_losses import DISTANCES, with_temperature
from anomaly.machinery.detector_networks import checked_model
from anomaly.machinery.detector_training import TrainingOptions, train
from tools.errors import checked_word


class ModelDistillation(PredictionDetector):
    """Scores a row by the loss of distillation, D(model(x), distilled_model(x)).

    D(p, q) is KL(p || q) or the cross-entropy -sum(p * log(q)). The cross-entropy is at least the
    entropy of p, so a threshold for one does not serve for the other.

    Args:
        threshold: Scores above it are flagged; None: `infer_threshold` sets it.
        distilled_model: A Keras model with the classifier's input and output, to be trained.
        model: Classifier from rows to class probabilities, which stays as it is.
        loss_type: "kld" or "xent".
        temperature: T of the classifier's p, p**(1/T) / sum(p**(1/T)); below 1 sharpens.
        data_type: Kind of data, a word for `meta`.

    Raises:
        ArgumentError: A number or word is out of its limits.
        ArgumentTypeError: A network is of a wrong type.
    """

    def __init__(
        self,
        threshold: float | None = None,
        distilled_model: tf.keras.Model | None = None,
        model: tf.keras.Model | None = None,
        loss_type: str = "kld",
        temperature: float = 1.0,
        data_type: str | None = None,
    ):
        self.distilled_model = checked_model("distilled_model", distilled_model)
        self.loss_type = checked_word("loss_type", loss_type, DISTANCES)
        self.temperature = checked_number("temperature", temperature, above=0)
        super().__init__(threshold, model, self.distilled_model, data_type)

    def get_config(self) -> dict[str, Any]:
        """State besides the networks, in JSON types."""
        return {name: getattr(self, name) for name in ("threshold", "loss_type", "temperature")}

    def networks(self) -> dict[str, tf.keras.Model]:
        """The distilled model and the classifier."""
        return {"distilled_model": self.distilled_model, "model": self.model.original}

    def fit(  # noqa: PLR0913  the interface that users know
        self,
        X: Any,
        loss_fn: Callable | None = None,
        optimizer: Any = tf.keras.optimizers.Adam,
        epochs: int = 20,
        batch_size: int = 128,
        verbose: bool = True,
        log_metric: tuple[str, tf.keras.metrics.Metric] | None = None,
        callbacks: Sequence[tf.keras.callbacks.Callback] | None = None,
        preprocess_fn: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> None:
        """Trains the distilled model to predict what the classifier does; minimizes the mean score.

        Args:
            X: Rows: an array [row, ...], tf.data.Dataset, generator, or function returning one.
            loss_fn: Another loss, a function of rows and distilled predictions; None: the mean
                score.
            optimizer: Keras optimizer or its class.
            epochs: Passes over all rows.
            batch_size: Rows in a training step.
            verbose: Shows a progress bar.
            log_metric: Label and Keras metric of (rows, distilled predictions), shown by the bar.
            callbacks: Keras callbacks.
            preprocess_fn: Applied to each batch, a tensor, in training only.

        Raises:
            ArgumentError: A value is out of its limits, or the training diverged.
            ArgumentTypeError: An argument is of a wrong type.
        """

        def distillation_loss(x: tf.Tensor, y_distilled: tf.Tensor) -> tf.Tensor:
            return self._distance(self._soft_targets(x), y_distilled)

        batches = self._batches(X, self.distilled_model, batch_size)
        options = TrainingOptions(
            optimizer, epochs, verbose, log_metric, callbacks, preprocess_fn, frozen=self.model
        )
        train(self.distilled_model, loss_fn or distillation_loss, batches, options)

    def _call(self, x: tf.Tensor) -> tf.Tensor:
        return self.distilled_model(x, training=False)

    def _score_rows(self, call: Callable, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        x = tf.cast(x, self.distilled_model.compute_dtype)
        y, y_distilled = self._soft_targets(x), call(x)
        return self._distance(y, y_distilled), y, y_distilled

    def _soft_targets(self, x: tf.Tensor) -> tf.Tensor:
        return with_temperature(self.model(x), self.temperature)

    def _distance(self, p: tf.Tensor, q: tf.Tensor) -> tf.Tensor:
        return DISTANCES[self.loss_type](p, q)

    def _state(self) -> tuple[Hashable, ...]:
        return (self.distilled_model, self.model, self.loss_type, self.temperature)
