"""Peers of table rows: saved once, made again for other rows, left out where they cannot be."""

import numpy as np
import pytest

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.score_files import read_scores
from tools.scores.table_floors import TABLE_FLOORS
from vae_wgan.settings.table_settings import BASELINES, TableSettings
from vae_wgan.table import table_baselines
from vae_wgan.table.table_baselines import score_baselines


@pytest.fixture
def training():
    random = np.random.default_rng(0)
    mixing = random.normal(size=(4, 4))
    rows = (random.normal(size=(300, 4)) @ mixing).astype(np.float32)
    return ExampleSet("table", rows, np.arange(300), "checksum")


def test_the_flag_names_them_all():
    assert tuple(TABLE_FLOORS) == BASELINES
    assert set(TableSettings().baselines) < set(BASELINES)


def test_scores_are_saved_once_and_made_again_for_other_rows(training, tmp_path, monkeypatch):
    folder, fits = RunFolder(tmp_path), []
    monkeypatch.setattr(
        table_baselines,
        "fit_table_floor",
        lambda name, rows, seed: fits.append(name) or (lambda rows: rows.sum(axis=1)),
    )
    test = training.take(np.arange(20, 40))
    for rows in (test, test, test.take(np.arange(7))):
        assert score_baselines(["gaussian"], training, [rows], folder, seed=0) == {}
    assert len(fits) == 2
    file = read_scores(folder.peer_scores("gaussian", "table"))
    np.testing.assert_allclose(file.scores["gaussian"][0], test.examples[:7].sum(axis=1))
    assert file.ids.tolist() == list(range(20, 27))


def test_one_that_cannot_be_fitted_costs_the_others_nothing(training, tmp_path, monkeypatch):
    def fit(name, rows, seed):
        if name == "gaussian":
            raise ValueError("ill-defined\nempirical covariance")
        return lambda rows: rows.sum(axis=1)

    monkeypatch.setattr(table_baselines, "fit_table_floor", fit)
    found = score_baselines(["gaussian", "knn"], training, [training], RunFolder(tmp_path), seed=0)
    assert found == {"gaussian": "ill-defined empirical covariance"}
    assert RunFolder(tmp_path).peer_scores("knn", "table").exists()
