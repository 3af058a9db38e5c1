"""One contract for all detectors."""

import copy
import logging

import numpy as np
import pytest
import tensorflow as tf

from anomaly.adversarial_base import AdversarialDetector, PredictionDetector
from anomaly.detector_base import Detector
from tiny_detectors import (
    ALL_DETECTORS,
    adversarial_ae,
    classifier,
    instance_scores,
    keras,
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
    assert isinstance(detector, PredictionDetector)


def test_half_of_new_rows_like_the_training_rows_are_below_their_median():
    tf.random.set_seed(0)
    detector = adversarial_ae()
    detector.infer_threshold(rows(400, seed=1), threshold_perc=50)
    flagged = detector.predict(rows(400, seed=2))["data"]["is_adversarial"].mean()
    assert 0.4 < flagged < 0.6
