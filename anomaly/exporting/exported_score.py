"""The score of a run as a TensorFlow module: raw pictures or rows in, score, p-value, flag out."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import tensorflow as tf

from anomaly.exporting import traced_functions  # noqa: F401  registers forms
from anomaly.exporting.graph_features import GraphFeatures
from anomaly.exporting.graph_networks import GraphNetworks
from anomaly.exporting.graph_rows import column_specs, encoded_columns
from anomaly.exporting.graph_scores import p_values, statistic_of_members
from anomaly.exporting.traced_arrays import Constants, TracedArray
from tools.errors import InputError
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.input_statistics import input_statistics
from tools.scores.score_registry import (
    FITTED_SCORES,
    INPUT_PROPERTIES,
    STRANGEST_PLACE,
    fit_score,
    needed_quantities,
)
from tools.scores.simple_detectors import simple_quantities
from vae_wgan.ensemble.network_member import NetworkMember
from vae_wgan.features.features_member import FeaturesMember
from vae_wgan.run.scorer import Scorer

Outputs = dict[str, tf.Tensor]
# Traced arrays, which the scores take for NumPy's; to a type checker they are not.
Quantities = Mapping[str, Any]
Combine = Callable[[Quantities], tf.Tensor]
NO_FORM = "the score {} has no form in plain TensorFlow; name another one by --score"


class ExportedScore(tf.Module):
    """Scores raw inputs by plain TensorFlow operations.

    Args:
        scorer: The run, opened with the score to export.

    Raises:
        InputError: The score has no form in TensorFlow, or needs noise of its own for each row.
    """

    def __init__(self, scorer: Scorer):
        super().__init__(name="score")
        ensemble = scorer.ensemble
        if ensemble.row_shape is None:
            raise InputError("the run is of an earlier version and does not say its images' shape")
        self._scorer = scorer
        self._combine = _combination(scorer)
        self._constants = Constants()
        self._score = tf.function(self._scored, autograph=False)  # traced once for all signatures
        self._shape = ensemble.row_shape
        settings: Any = ensemble.settings  # a dataclass of the run's kind
        plain = dataclasses.replace(settings, compile=False)
        needed = needed_quantities([ensemble.score_key])
        none = np.empty((0, *ensemble.row_shape), np.float32)
        model = ensemble.kind.new_member(plain, ensemble.row_shape, none, needed)
        self._members: GraphFeatures | GraphNetworks
        if isinstance(model, FeaturesMember):
            self._members = GraphFeatures(
                [model.with_state(state) for state in ensemble.states], self._constants
            )
        elif isinstance(model, NetworkMember):
            self._members = GraphNetworks(
                [model.with_state(state).limited_to(needed) for state in ensemble.states],
                ensemble.settings.seed,
            )
        else:
            raise InputError(f"members of the kind {ensemble.kind.name} are no TensorFlow networks")

    @property
    def signatures(self) -> dict[str, Callable[..., Outputs]]:
        """The functions of the SavedModel, by name."""
        encoder = self._scorer.ensemble.encoder
        if encoder is not None:
            specs = column_specs(encoder)
            of_columns = tf.function(
                lambda **columns: self._score(encoded_columns(columns, encoder)), autograph=False
            )
            return {"serving_default": of_columns.get_concrete_function(**specs)}
        shape = [None, *self._shape]
        of_bytes = tf.function(
            lambda images: self._score(tf.cast(images, tf.float32) / 255.0), autograph=False
        )
        of_floats = tf.function(lambda images: self._score(images), autograph=False)
        return {
            "serving_default": of_bytes.get_concrete_function(
                images=tf.TensorSpec(shape, tf.uint8, "images")
            ),
            "floats": of_floats.get_concrete_function(
                images=tf.TensorSpec(shape, tf.float32, "images")
            ),
        }

    def _scored(self, rows: tf.Tensor) -> Outputs:
        try:
            scores = self._combine(self._quantities(rows))
        except TypeError as error:  # NumPy, of a function that traced arrays lack
            raise InputError(f"{NO_FORM.format(self._scorer.name)} ({error})") from error
        # No number comes of features that overflow: nothing is more anomalous.
        largest = tf.constant(np.finfo(np.float64).max, tf.float64)
        scores = tf.where(tf.math.is_finite(scores), scores, largest)
        p = p_values(scores, self._scorer.calibration)
        return {"score": scores, "p_value": p, "flagged": p <= self._scorer.target_fpr}

    def _quantities(self, rows: tf.Tensor) -> Quantities:
        """The members' quantities and those of the rows alone, float64 [member or 1, row]."""
        ensemble, traced = self._scorer.ensemble, cast(Any, TracedArray(rows, self._constants))
        found: dict[str, Any] = {
            name: traced.like(values) for name, values in self._members.quantities(rows).items()
        }
        if needed_quantities([ensemble.score_key]).intersection(INPUT_PROPERTIES):
            properties = input_statistics(traced, ensemble.settings.pixel_likelihood)
            found |= {name: values[np.newaxis] for name, values in properties.items()}
        if ensemble.simple is not None:
            found |= simple_quantities(ensemble.simple, traced, few=True)
        return found


def _combination(scorer: Scorer) -> Combine:
    """Function from the members' quantities to the score [example].

    A fitted score is computed by its own formula, on traced arrays.
    """
    key, ensemble = scorer.ensemble.score_key, scorer.ensemble
    if STRANGEST_PLACE in needed_quantities([key]):
        raise InputError(NO_FORM.format(scorer.name))
    if key in FITTED_SCORES:
        formula: Callable[[Quantities], Any] = fit_score(key, ensemble.calibration or {})
        return lambda of: formula(of).tensor
    if key in SCORE_KEYS and scorer.statistic in ("mean", "variance", "waic"):
        statistic = statistic_of_members(key, scorer.statistic, ensemble.settings.ddof)
        return lambda of: statistic(of[key].tensor)
    raise InputError(NO_FORM.format(scorer.name))
