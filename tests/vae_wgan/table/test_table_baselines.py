"""Peers of scikit-learn: direction, saved once, and one score per row whatever its batch."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.covariance import EllipticEnvelope
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.score_files import read_scores
from vae_wgan.settings.table_settings import BASELINES
from vae_wgan.table.table_baselines import BASELINE_FITS, MOST_ROWS, score_baselines


@pytest.fixture
def training():
    random = np.random.default_rng(0)
    mixing = random.normal(size=(4, 4))
    rows = (random.normal(size=(300, 4)) @ mixing).astype(np.float32)
    return ExampleSet("table", rows, np.arange(300), "checksum")


def test_the_flag_names_them_all():
    assert tuple(BASELINE_FITS) == BASELINES


@pytest.mark.parametrize("name", BASELINES)
def test_far_rows_have_higher_scores_and_batches_change_nothing(name, training):
    score = BASELINE_FITS[name](training.examples, 0)
    near, far = training.examples[:50], training.examples[:50] + 30
    assert score(far).shape == (50,)
    assert np.median(score(far)) > np.quantile(score(near), 0.99)
    one_by_one = np.concatenate([score(near[[row]]) for row in range(5)])
    np.testing.assert_allclose(score(near)[:5], one_by_one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "detector"),
    [
        ("local_outlier_factor", LocalOutlierFactor),
        ("gaussian_mixture", GaussianMixture),
        ("elliptic_envelope", EllipticEnvelope),
    ],
)
def test_slow_ones_learn_from_drawn_rows(name, detector, monkeypatch):
    learned = []
    monkeypatch.setattr(detector, "fit", lambda self, rows: learned.append(rows))
    training = np.arange(MOST_ROWS + 7)[:, np.newaxis]
    for seed in (0, 0, 1):
        BASELINE_FITS[name](training, seed)
    assert [len(np.unique(rows)) for rows in learned] == [MOST_ROWS] * 3
    np.testing.assert_array_equal(learned[0], learned[1])
    assert not np.array_equal(learned[0], learned[2])
    BASELINE_FITS[name](training[:50], 0)
    np.testing.assert_array_equal(learned[3], training[:50])


def test_the_gaussian_is_the_one_of_mean_and_covariance(training):
    rows = training.examples.astype(np.float64)
    expected = multivariate_normal(rows.mean(axis=0), np.cov(rows.T, ddof=0))
    score = BASELINE_FITS["gaussian"](training.examples, 0)
    np.testing.assert_allclose(-score(training.examples), expected.logpdf(rows), atol=2e-2)


def test_scores_are_saved_once_and_made_again_for_other_rows(training, tmp_path, monkeypatch):
    folder, fits = RunFolder(tmp_path), []
    monkeypatch.setitem(
        BASELINE_FITS, "gaussian", lambda rows, seed: fits.append(seed) or (lambda r: r.sum(axis=1))
    )
    test = training.take(np.arange(20, 40))
    for rows in (test, test, test.take(np.arange(7))):
        score_baselines(["gaussian"], training, [rows], folder, seed=0)
    assert len(fits) == 2
    file = read_scores(folder.peer_scores("gaussian", "table"))
    np.testing.assert_allclose(file.scores["gaussian"][0], test.examples[:7].sum(axis=1))
    assert file.ids.tolist() == list(range(20, 27))
