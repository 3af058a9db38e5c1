"""A run that is opened as a detector flags as the command line does."""

import numpy as np
import pandas as pd
import pytest

from anomaly import EnsembleDetector
from anomaly.machinery.ensemble_state import EnsembleState
from picture_folders import write_pictures
from tiny_run import made_up_table
from tools.run.run_folder import RunFolder
from vae_wgan.ensemble.devices import graphs_as_written
from vae_wgan.run.score_file import score_pictures
from vae_wgan.run.scorer import open_scorer
from vae_wgan.settings.vae_settings import VAESettings


def test_an_opened_run_has_its_own_score_threshold_and_p_values(tiny_run):
    run = tiny_run("table_flow").folder / "run"
    detector = EnsembleDetector.open(run, target_fpr=0.2)
    assert detector.score_name == "combined_flow"
    assert isinstance(detector, EnsembleState)
    scorer = open_scorer(RunFolder(run), target_fpr=0.2)
    assert detector.threshold == scorer.threshold
    frame = made_up_table(40, 1).drop(columns="Class").set_axis(np.arange(40) + 100, axis=0)
    found = detector.scored(frame)
    assert found.index.tolist() == frame.index.tolist()
    assert list(found) == ["score", "p_value", "flagged", "reason", "problem"]
    np.testing.assert_allclose(detector.score(frame), found["score"], rtol=1e-5)
    np.testing.assert_allclose(detector.p_value(frame), found["p_value"])
    flags = detector.predict(frame, target_fpr=0.4)["data"]["is_outlier"]
    np.testing.assert_array_equal(flags, found["p_value"] <= 0.4)
    assert detector.scored(frame.assign(b="x"))["problem"].str.contains("is no number").all()
    explained = detector.explain(frame.dropna())
    assert explained.index.tolist() == frame.dropna().index.tolist()
    assert np.isfinite(explained.to_numpy()).all()
    watch = detector.watch()
    assert len(watch.update(found["score"])) == found["score"].notna().sum()


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A folder of pictures, a detector that was fitted on it, and its run folder."""
    folder = tmp_path_factory.mktemp("fitted")
    pictures = write_pictures(folder / "pictures", 40)
    run = folder / "run"
    settings = {"preset": "smoke", "num_models": 2, "max_steps": 4, "compile": False}
    detector = EnsembleDetector.fit_images(pictures, run_folder=run, target_fpr=0.3, **settings)
    return pictures, detector, run


def test_fitted_opened_and_by_the_command_line_pictures_are_flagged_alike(
    fitted, tmp_path, monkeypatch
):
    # A command sets TensorFlow's options for its whole process, which other tests share.
    monkeypatch.setattr("vae_wgan.ensemble.devices.prepare_devices", lambda threads: None)
    _, detector, run = fitted
    new = write_pictures(tmp_path / "new", 8, start=100)
    found = detector.scored(new)
    assert found["flagged"].nunique() == 2  # else it would show little
    settings = VAESettings(
        model_dir=str(run), skip_train=True, score_file=str(new), output=str(tmp_path / "s.csv")
    )
    with graphs_as_written():
        score_pictures(settings, set())
    same = pd.read_csv(tmp_path / "s.csv").set_index("path")
    assert same.index.tolist() == found.index.tolist()
    np.testing.assert_allclose(same["score"], found["score"], rtol=1e-9)
    np.testing.assert_array_equal(same["p_value"], found["p_value"])
    np.testing.assert_array_equal(same["flagged"], found["flagged"])
    opened = EnsembleDetector.open(run)
    assert (opened.score_name, opened.threshold) == (detector.score_name, detector.threshold)
