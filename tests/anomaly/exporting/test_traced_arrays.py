"""Scores computed on traced arrays are those of NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from anomaly.exporting import traced_functions
from anomaly.exporting.traced_arrays import Constants, TracedArray
from tools.scores.pictures.picture_ensemble import PictureEnsemble
from tools.scores.score_registry import FITTED_SCORES, fit_score
from tools.scores.simple.feature_spaces import plain_columns
from tools.scores.simple.simple_ensemble import SimpleEnsemble
from tools.scores.simple_detectors import simple_quantities

RNG = np.random.default_rng(0)


def rows(count):
    """A curbed number, plain ones, few values, and the indicators of two words [row, 6]."""
    values = RNG.normal(size=(count, 6)).astype(np.float32)
    values[:, 3] = np.round(values[:, 3])
    word = RNG.integers(0, 3, count)
    values[:, 4], values[:, 5] = word == 0, word == 1
    return values


def of_rows():
    columns = plain_columns(6)
    columns.group[4:] = 0
    columns.is_curbed[0], columns.scale[0], columns.mean[0] = True, 1.7, 0.3
    return SimpleEnsemble.fit(rows(60), columns, 0), rows(20) * np.float32(2)


def of_pictures(side, channels):
    scene = RNG.random((1, side, side, channels))
    known, new = (scene + RNG.random((n, side, side, channels)) for n in (16, 4))
    ensemble = PictureEnsemble.fit((known / 2).astype(np.float32), 0)
    return ensemble, (new / 2).astype(np.float32)


@pytest.mark.parametrize(
    "made",
    [of_rows, lambda: of_pictures(12, 1), lambda: of_pictures(72, 3)],
    ids=["rows", "grey pictures", "large pictures"],
)
def test_simple_detectors(made):
    """Of pictures, float32 rounding may move one across one of the 16 known ones."""
    detectors, new = made()
    constants = Constants()

    def found(values):
        of = simple_quantities(detectors, TracedArray(values, constants), few=True)
        return {name: each.tensor for name, each in of.items()}

    traced = tf.function(found, autograph=False)(tf.constant(new))
    for name, values in simple_quantities(detectors, new).items():
        assert np.median(np.abs(traced[name] - values)) < 1e-9
        if made is not of_rows:
            assert np.abs(np.exp(-traced[name]) - np.exp(-values)).max() < 1.01 / 17


@pytest.mark.parametrize(
    "key", ["likelihood_residual", "fisher", "critic_distance", "combined", "combined_images"]
)
def test_fitted_scores(key):
    names = [*(n for n in FITTED_SCORES[key].needs if n[-1] != "."), "simple.whole", "simple.local"]
    known, new = ({name: RNG.normal(size=(2, n)) for name in names} for n in (60, 9))
    score = fit_score(key, known)
    constants = Constants()
    traced = score({name: TracedArray(tf.constant(v), constants) for name, v in new.items()})
    np.testing.assert_allclose(traced.tensor, score(new), rtol=1e-9)


def test_a_function_without_a_form_is_an_error():
    with pytest.raises(TypeError):
        np.cumsum(TracedArray(tf.zeros(3), Constants()))
    assert traced_functions.__doc__


def test_large_constants_are_variables_once():
    constants, large = Constants(), np.zeros((200, 100))
    for _ in range(2):
        constants.tensor(large)
        constants.tensor(large.T)
        constants.tensor(np.zeros(3))
    assert len(constants.variables) == 2
