"""A run that is opened as a detector flags as the command line does."""

import numpy as np

from anomaly import EnsembleDetector
from anomaly.machinery.ensemble_state import EnsembleState
from tiny_run import made_up_table
from tools.run.run_folder import RunFolder
from vae_wgan.run.scorer import open_scorer


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
