"""The simple detectors' scores in a run folder: one per row, made again for other rows."""

import json

import numpy as np
import pandas as pd
import pytest

from tools.data.example_set import ExampleSet
from tools.data.tables.table_encoder import fit_encoder
from tools.run.run_folder import RunFolder
from tools.scores.floors import SIMPLE
from tools.scores.score_files import read_arrays, read_scores
from tools.scores.simple.simple_ensemble import SimpleEnsemble
from vae_wgan.table.simple_scores import score_simple


@pytest.fixture
def folder(tmp_path):
    manifest = {"settings": {}, "status": "further scoring"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return RunFolder(tmp_path)


def test_scores_and_state_are_kept_and_made_again_for_other_rows(folder, monkeypatch):
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 3))).rename(columns=str)
    encoder, fits = fit_encoder(table, np.arange(80)), []
    training = ExampleSet("table", encoder.encode(table), np.arange(80), "checksum")
    test = ExampleSet("table", training.examples[:20], np.arange(20), "of other rows")
    fit = SimpleEnsemble.fit
    monkeypatch.setattr(SimpleEnsemble, "fit", lambda *call: fits.append(1) or fit(*call))
    for part in (test, test, test.take(np.arange(7))):
        score_simple(folder, training, [part], encoder, seed=0)
    assert len(fits) == 2
    kept = SimpleEnsemble(read_arrays(folder.simple_ensemble()))
    found = read_scores(folder.inputs("table")).scores[SIMPLE]
    np.testing.assert_allclose(found, [kept.scores(test.examples[:7])], rtol=1e-5)
    assert folder.manifest().costs[SIMPLE] >= 0


def test_training_rows_are_scored_by_detectors_that_did_not_learn_from_them(folder):
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2))).rename(columns=str)
    encoder = fit_encoder(table, np.arange(50))
    every = ExampleSet("table", encoder.encode(table), np.arange(60), "checksum")
    score_simple(folder, every.take(np.arange(0, 50)), [every], encoder, seed=0)
    found = read_scores(folder.inputs("table")).scores[SIMPLE][0]
    ensemble = SimpleEnsemble(read_arrays(folder.simple_ensemble()))
    plain = ensemble.scores(every.examples)
    np.testing.assert_allclose(found[50:], plain[50:], rtol=1e-5)
    assert found[:50].mean() > plain[:50].mean() + 1  # a row is its own nearest otherwise
