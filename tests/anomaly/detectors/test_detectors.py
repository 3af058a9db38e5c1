"""One contract for all detectors."""

import copy
import inspect
import json
import logging

import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_iris

from anomaly import AdversarialAE, AdversarialVAE, ModelDistillation, OutlierVAE, elbo
from anomaly.machinery.adversarial_base import AdversarialDetector, PredictionDetector
from anomaly.machinery.detector_base import Detector
from tiny_detectors import (
    ALL_DETECTORS,
    adversarial_ae,
    classifier,
    instance_scores,
    keras,
    layers,
    model_distillation,
    outlier_vae,
    rows,
    trained_network,
)

EVERY = pytest.mark.parametrize("make", ALL_DETECTORS, ids=lambda make: make.__name__)


@EVERY
def test_life_of_a_detector(make):
    X, detector = rows(), make()
    before = X.copy()
    classifier_before = [w.copy() for w in getattr(detector, "model", keras.Model()).get_weights()]
    trained_before = [w.copy() for w in trained_network(detector).get_weights()]
    assert detector.fit(X, epochs=2, batch_size=13, verbose=False) is None
    assert detector.infer_threshold(X, threshold_perc=90.0) is None
    scores = instance_scores(detector, X)
    assert scores.dtype == np.float32
    assert scores.shape == (40,)
    assert np.all(np.isfinite(scores))
    assert np.all(scores >= 0)
    assert isinstance(detector.threshold, float)
    np.testing.assert_allclose(detector.threshold, np.percentile(scores, 90), rtol=1e-5)

    data = detector.predict(X)["data"]
    flags = data.get("is_outlier", data.get("is_adversarial"))
    assert flags.dtype == np.int64
    np.testing.assert_array_equal(flags, scores > detector.threshold)
    assert flags.sum() == 4

    np.testing.assert_array_equal(X, before)
    if hasattr(detector, "model"):
        after = detector.model.get_weights()
        assert all(np.array_equal(a, b) for a, b in zip(classifier_before, after, strict=True))
        assert not any(layer.trainable for layer in detector.model.layers)
    changed = zip(trained_before, trained_network(detector).get_weights(), strict=True)
    assert all(not np.array_equal(a, b) for a, b in changed)


@EVERY
def test_a_threshold_of_any_type_of_number_is_a_float(make):
    detector = make()
    detector.threshold = np.float32(0.5)
    assert type(detector.threshold) is float
    assert json.dumps(detector.get_config())
    detector.threshold = np.inf
    assert not [*detector.predict(rows())["data"].values()][-1].any()


@EVERY
def test_a_score_at_the_threshold_is_not_flagged(make):
    X, detector = rows(), make()
    scores = instance_scores(detector, X)
    detector.threshold = float(np.sort(scores)[30])
    flags = [*detector.predict(X)["data"].values()][-1]
    np.testing.assert_array_equal(flags, scores > detector.threshold)
    assert flags.sum() == 9


@pytest.mark.parametrize(
    ("make", "tolerance"), [(outlier_vae, 5), (adversarial_ae, 1), (model_distillation, 1)]
)
def test_about_as_many_rows_of_iris_as_asked_are_below_the_threshold(make, tolerance):
    X = load_iris().data.astype(np.float32)
    X = (X - X.min(axis=0)) / np.ptp(X, axis=0)
    tf.random.set_seed(0)
    detector = make(**{"seed": None, "samples": 10} if make is outlier_vae else {})
    detector.fit(X, epochs=2, verbose=False)
    detector.infer_threshold(X, threshold_perc=90)
    below = 100 * np.mean(instance_scores(detector, X) < detector.threshold)
    assert abs(below - 90) < tolerance


@EVERY
def test_scores_depend_neither_on_the_batch_size_nor_on_the_call(make):
    X, detector = rows(), make()
    expected = instance_scores(detector, X)
    np.testing.assert_array_equal(instance_scores(detector, X), expected)
    for batch_size in (1, 7, 1e10):
        found = instance_scores(detector, X, batch_size=batch_size)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@EVERY
def test_meta_is_a_dict_and_results_hold_a_copy(make):
    detector = make(threshold=0.5, data_type="tabular")
    kind = "adversarial" if isinstance(detector, AdversarialDetector) else "outlier"
    meta = detector.meta
    assert isinstance(detector, Detector)
    assert repr(detector) == meta["name"] == type(detector).__name__
    assert (meta["online"], meta["data_type"], meta["detector_type"]) == (False, "tabular", kind)
    result = detector.predict(rows())
    assert list(result) == ["data", "meta"]
    assert result["meta"] == meta
    expected = copy.deepcopy(meta)
    result["meta"]["name"] = "other"
    assert detector.meta == expected
    with pytest.raises(TypeError, match="meta"):
        detector.meta = "words"


@EVERY
def test_without_a_threshold_a_detector_warns_scores_and_does_not_predict(make, caplog):
    with caplog.at_level(logging.WARNING):
        detector = make()
    assert "infer_threshold" in caplog.text
    assert detector.threshold is None
    assert instance_scores(detector, rows(2)).shape == (2,)
    with pytest.raises(ValueError, match="infer_threshold"):
        detector.predict(rows(2))


BAD_ROWS = [
    (np.zeros((0, 4), np.float32), ValueError, "X: is empty"),
    (np.zeros(4, np.float32), TypeError, r"X: .*\[row"),
    (np.zeros((2, 3), np.float32), ValueError, r"X: rows .*\(3,\).*\(4,\)"),
    (np.array([["a"] * 4]), TypeError, "X: wants numbers"),
    (np.array([[0, 1, 2, 3], [0, np.nan, np.inf, 1.0]]), ValueError, "X: 2 numbers.*row 1"),
]
BAD_ARGUMENTS = [
    ("score", "batch_size", 0, ValueError),
    ("infer_threshold", "threshold_perc", 101, ValueError),
    ("infer_threshold", "threshold_perc", -1, ValueError),
    ("fit", "epochs", 0, ValueError),
    ("fit", "batch_size", 0.5, ValueError),
    ("fit", "optimizer", 3, TypeError),
    ("fit", "log_metric", "mse", TypeError),
]


@EVERY
def test_bad_input_is_named(make):
    detector = make(threshold=1.0)
    for X, error, words in BAD_ROWS:
        for call in (detector.score, detector.predict, detector.infer_threshold, detector.fit):
            with pytest.raises(error, match=words):
                call(X)
    for call, name, value, error in BAD_ARGUMENTS:
        with pytest.raises(error, match=name):
            getattr(detector, call)(rows(), **{name: value})
    for value, error in (("high", TypeError), (float("nan"), ValueError)):
        with pytest.raises(error, match="threshold"):
            make(threshold=value)


ADAM, PREDICTIONS = tf.keras.optimizers.Adam, {"batch_size": 1e10, "return_predictions": False}
FIT_END = {"verbose": True, "log_metric": None, "callbacks": None}
NETWORKS = {"encoder_net": None, "decoder_net": None}
WEIGHTS = {"w_model": 1.0, "w_recon": 0.0}
FLAGGED = {"batch_size": 1e10, "return_instance_score": True}
PERCENTAGES = {"threshold_perc": 99.0, "margin": 0.0, "batch_size": 1e10}
VAE = {"vae": None, **NETWORKS, "latent_dim": None, "samples": 10}
SIGNATURES = {  # arguments after X with their defaults, in their order
    OutlierVAE: {"threshold": None, "score_type": "mse", **VAE, "beta": 1.0, "data_type": None},
    OutlierVAE.fit: {"loss_fn": elbo, "optimizer": ADAM, "cov_elbo": {"sim": 0.05}}
    | {"epochs": 20, "batch_size": 64, **FIT_END},
    OutlierVAE.infer_threshold: {"outlier_type": "instance", "outlier_perc": 100.0}
    | {"threshold_perc": 95.0, "batch_size": 1e10},
    OutlierVAE.score: {"outlier_perc": 100.0, "batch_size": 1e10},
    OutlierVAE.predict: {"outlier_type": "instance", "outlier_perc": 100.0, "batch_size": 1e10}
    | {"return_feature_score": True, "return_instance_score": True},
    AdversarialAE: {"threshold": None, "ae": None, "model": None, **NETWORKS, "model_hl": None}
    | {"hidden_layer_kld": None, "w_model_hl": None, "temperature": 1.0, "data_type": None},
    AdversarialAE.fit: {"loss_fn": None, **WEIGHTS, "optimizer": ADAM, "epochs": 20}
    | {"batch_size": 128, **FIT_END, "preprocess_fn": None},
    AdversarialAE.infer_threshold: PERCENTAGES,
    AdversarialAE.score: PREDICTIONS,
    AdversarialAE.predict: FLAGGED,
    AdversarialAE.correct: {**FLAGGED, "return_all_predictions": True},
    AdversarialVAE: {"threshold": None, "vae": None, "model": None, **NETWORKS}
    | {"latent_dim": None, "samples": 10, "beta": 0.0, "data_type": None},
    AdversarialVAE.fit: {"loss_fn": None, **WEIGHTS, "optimizer": ADAM, "cov_elbo": None}
    | {"epochs": 20, "batch_size": 64, **FIT_END},
    AdversarialVAE.infer_threshold: {"threshold_perc": 95.0, "batch_size": 1e10},
    AdversarialVAE.score: {"batch_size": 1e10},
    AdversarialVAE.predict: {"return_instance_score": True, "batch_size": 1e10},
    ModelDistillation: {"threshold": None, "distilled_model": None, "model": None}
    | {"loss_type": "kld", "temperature": 1.0, "data_type": None},
    ModelDistillation.fit: {"loss_fn": None, "optimizer": ADAM, "epochs": 20, "batch_size": 128}
    | {**FIT_END, "preprocess_fn": None},
    ModelDistillation.infer_threshold: PERCENTAGES,
    ModelDistillation.score: PREDICTIONS,
    ModelDistillation.predict: FLAGGED,
}


@pytest.mark.parametrize("function", SIGNATURES, ids=lambda function: function.__qualname__)
def test_positions_and_defaults_are_those_that_users_know(function):
    parameters = inspect.signature(function).parameters.values()
    ours = {p.name: p.default for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD}
    ours = list(ours.items())
    first = 0 if isinstance(function, type) else 2
    assert [name for name, _ in ours[:first]] == ["self", "X"][:first]
    assert ours[first:] == list(SIGNATURES[function].items())


def test_integers_and_lists_are_rows_too():
    detector = adversarial_ae()
    numbers = np.arange(8).reshape(2, 4)
    expected = detector.score(numbers.astype(np.float32))
    np.testing.assert_array_equal(detector.score(numbers), expected)
    np.testing.assert_array_equal(detector.score(numbers.tolist()), expected)


def test_a_classifier_of_logits_is_warned_of(caplog):
    logits = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    with caplog.at_level(logging.WARNING):
        detector = adversarial_ae(model=logits)
        assert "probabilities" in caplog.text
        caplog.clear()
        adversarial_ae(model=classifier())
        assert "probabilities" not in caplog.text
        # One that does not say what rows it takes is found out when it sees some, once.
        of_unknown_rows = adversarial_ae(model=keras.Sequential([layers.Dense(3)]))
        assert "probabilities" not in caplog.text
        for _ in range(2):
            of_unknown_rows.score(rows(2))
        assert caplog.text.count("probabilities") == 1
    assert isinstance(detector, PredictionDetector)


def test_half_of_new_rows_like_the_training_rows_are_below_their_median():
    tf.random.set_seed(0)
    detector = adversarial_ae()
    detector.infer_threshold(rows(400, seed=1), threshold_perc=50)
    flagged = detector.predict(rows(400, seed=2))["data"]["is_adversarial"].mean()
    assert 0.4 < flagged < 0.6
