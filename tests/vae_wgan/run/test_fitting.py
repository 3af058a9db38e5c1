"""Ensembles of tables behind the detectors' interface; those of images: test_ensemble_detector."""

import numpy as np
import pandas as pd
import pytest

from anomaly import EnsembleDetector, load_detector, save_detector
from input_errors import message_of
from tools.data.example_set import ExampleSet
from tools.data.tables.table_encoder import fit_encoder
from tools.run.run_folder import RunFolder
from tools.scores.ensemble_statistics import anomaly_scores
from vae_wgan.ensemble.members import score_members, trained_members
from vae_wgan.run.fitting import fit_ensemble
from vae_wgan.run.trained_ensemble import TrainedEnsemble, open_ensemble
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.table_member import TableMember

TINY = {
    "num_models": 2,
    "max_steps": 30,
    "viz_steps": 30,
    "batch_size": 32,
    "latent_size": 2,
    "base_depth": 8,
    "n_flows": 1,
    "n_samples": 2,
    "learning_rate": 1e-2,
    "compile": False,
}


def made_up_table(rows=200, seed=0):
    random = np.random.default_rng(seed)
    amount = random.lognormal(3, 1, rows)
    frame = pd.DataFrame({"amount": amount, "tax": amount * random.normal(0.2, 0.01, rows)})
    frame["shop"] = random.choice(["web", "till"], rows)
    frame.loc[::19, "tax"] = np.nan
    return frame


NORMAL = made_up_table()
ODD = NORMAL[:50].assign(tax=100 * NORMAL["amount"])


@pytest.fixture(scope="module", params=["vae", "flow"])
def run_folder(request, tmp_path_factory):
    """A folder in which fit has trained two members on the table."""
    folder = tmp_path_factory.mktemp(request.param)
    EnsembleDetector().fit(NORMAL, folder, model=request.param, **TINY)
    return folder


def test_scores_are_those_of_the_runs_members_on_encoded_rows(run_folder):
    detector = EnsembleDetector(run_folder, "variance")
    ensemble = open_ensemble(RunFolder(run_folder))
    assert isinstance(ensemble, TrainedEnsemble)
    rows = fit_encoder(NORMAL, np.arange(200)).encode(ODD)
    np.testing.assert_array_equal(ensemble.rows(ODD), rows)
    model = TableMember(ensemble.settings, rows.shape[1:], rows[:1])
    found = trained_members(model, RunFolder(run_folder), num_models=2, max_steps=30)
    members = [one.member for one in found]
    key = {"vae": "iwae", "flow": "log_likelihood"}[ensemble.settings.model]
    assert ensemble.score_key == key
    values = score_members(members, ExampleSet("odd", rows, np.arange(50), ""), 0)[key]
    found = detector.score(ODD)
    # Members that agree to 1e-4 nats have a variance of rounding errors.
    for other in (anomaly_scores(key, values)["variance"], detector.score(ODD, batch_size=7)):
        np.testing.assert_allclose(other, found, rtol=1e-4, atol=1e-8)


def test_odd_rows_are_flagged_and_a_saved_detector_flags_the_same(run_folder, tmp_path):
    detector = EnsembleDetector(run_folder)
    detector.infer_threshold(NORMAL, threshold_perc=95)
    expected = detector.predict(ODD)["data"]
    assert expected["is_outlier"].mean() > 0.5
    for name in ("a", "b"):  # twice in a row
        save_detector(detector, tmp_path / name)
        detector = load_detector(tmp_path / name)
    np.testing.assert_array_equal(detector.score(ODD), expected["instance_score"])
    np.testing.assert_array_equal(
        detector.predict(ODD)["data"]["is_outlier"], [*expected.values()][1]
    )


@pytest.mark.parametrize(("model", "key"), [("vae", "combined"), ("flow", "combined_flow")])
def test_the_headline_of_tables_joins_simple_detectors_and_is_saved(model, key, tmp_path):
    detector = EnsembleDetector(score=key)
    detector.fit(NORMAL, tmp_path / "run", model=model, **TINY)
    found = detector.score(ODD)
    assert found.min() > np.median(detector.score(NORMAL))
    save_detector(detector, tmp_path / "saved")
    for same in (load_detector(tmp_path / "saved"), EnsembleDetector(tmp_path / "run", key)):
        np.testing.assert_allclose(same.score(ODD), found, rtol=1e-5)
    assert "simple.npz is missing" in message_of(
        lambda: (
            (tmp_path / "run" / "simple.npz").unlink() or EnsembleDetector(tmp_path / "run", key)
        )
    )


def test_an_array_is_a_table_with_numbered_columns(tmp_path, eagerly):
    X = np.random.default_rng(0).normal(size=(60, 3))
    ensemble = fit_ensemble(X, RunFolder(tmp_path), model="flow", **TINY | {"max_steps": 2})
    assert ensemble.encoder.features == ("0", "1", "2")
    np.testing.assert_array_equal(ensemble.rows(X), ensemble.rows(pd.DataFrame(X)))
    assert ensemble.scores(ensemble.rows(X.tolist()), "waic").shape == (60,)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"model": "wgan"}, "model=wgan: known are vae, flow"),
        ({"likelihood": "normal"}, "likelihood=normal: known are"),
        ({"max_steps": -3}, "max_steps=-3: must be at least 1"),
        ({"max_steps": 2.5}, "max_steps=2.5: has another type"),
        ({"preset": "quick"}, "preset='quick': known are"),
    ],
)
def test_a_setting_is_checked_before_anything_is_trained(setting, words, tmp_path):
    assert message_of(EnsembleDetector().fit, NORMAL, tmp_path, **setting).startswith(words)
    assert not list(tmp_path.iterdir())


def test_a_preset_sets_what_is_not_given(tmp_path, eagerly):
    given = TINY | {"max_steps": 2}
    settings = fit_ensemble(NORMAL, RunFolder(tmp_path), preset="smoke", **given).settings
    assert settings.max_steps == 2
    assert settings.num_models == 2
    assert TableSettings().num_models != 2


def test_wrong_tables_are_named(run_folder, tmp_path):
    detector = EnsembleDetector(run_folder, threshold=0)
    assert "X: the table lacks shop" in message_of(detector.score, NORMAL[["amount", "tax"]])
    assert "has 0, 1, which" in message_of(detector.score, np.zeros((2, 2)))
    assert "X: is empty" in message_of(detector.predict, NORMAL[:0])
    assert "has the shape (2, 28, 28)" in message_of(detector.score, np.zeros((2, 28, 28)))
    assert "amount, row 1" in message_of(detector.score, NORMAL.assign(amount=[1, "?"] * 100))
    assert "label_column" in message_of(EnsembleDetector().fit, NORMAL, label_column="shop")
    for unused in ({"members_at_once": 2}, {"history": True}, {"delete_existing": True}):
        (name,) = unused
        assert message_of(EnsembleDetector().fit, NORMAL, **unused) == (
            f"{name}: fit makes no use of it; leave it out"
        )
    assert "no column hour" in message_of(EnsembleDetector().fit, NORMAL, time_column="hour")
    constant = pd.DataFrame({"a": [1.0] * 9})
    assert "X: the table has no column" in message_of(EnsembleDetector().fit, constant)
    images = np.zeros((4, 28, 28))
    assert "model='flow': known are denoiser, features, vae, wgan" in message_of(
        EnsembleDetector().fit, images, model="flow"
    )
    if "flow" in run_folder.name:
        assert "score='rate'" in message_of(EnsembleDetector, run_folder, "rate")
