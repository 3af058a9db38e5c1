"""An exported run gives the run's scores by plain TensorFlow, for each kind of run."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from anomaly.export import main
from anomaly.exporting.exported_score import ExportedScore
from anomaly.exporting.saved_score import CARD, export_run, exported_key, probe_table, score_sizes
from input_errors import message_of
from tiny_run import bars
from tools.run.run_folder import RunFolder
from vae_wgan.run.scorer import open_scorer

IMAGES = bars(5, seed=7)[..., np.newaxis]


@pytest.mark.parametrize(
    ("kind", "score", "rounding"),
    [("vae", "likelihood_residual", 1e-5), ("wgan", "critic_distance", 1e-3)],
)
def test_pictures_have_the_scores_p_values_and_flags_of_the_run(
    kind, score, rounding, tiny_run, tmp_path
):
    folder = RunFolder(tiny_run(kind).folder / "run")
    assert export_run(folder, tmp_path / "model", target_fpr=0.4) < rounding
    card = json.loads((tmp_path / "model" / CARD).read_text())
    assert card["score"] == score
    scorer = open_scorer(folder, target_fpr=0.4)
    expected = scorer.scored_images(IMAGES / np.float32(255))
    model = tf.saved_model.load(str(tmp_path / "model"))
    for signature, images in (
        ("serving_default", IMAGES),
        ("floats", IMAGES / np.float32(255)),
    ):
        found = model.signatures[signature](images=tf.constant(images))
        difference = np.abs(found["score"].numpy() - expected["score"])
        assert (difference <= rounding * score_sizes(scorer, expected["score"])).all()
        np.testing.assert_allclose(found["p_value"], expected["p_value"], rtol=1e-12)
        np.testing.assert_array_equal(found["flagged"], expected["flagged"].astype(bool))


def test_a_run_in_bfloat16_is_exported_in_float32(tiny_run, tmp_path):
    """Many a processor has no bfloat16, and what emulates it there is slow."""
    shutil.copytree(tiny_run("vae").folder / "run", tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    settings = folder.manifest().settings | {"processor": "avx512_bf16", "precision": "auto"}
    folder.update_manifest(settings=settings)
    assert export_run(folder, tmp_path / "model") < 1e-5


@pytest.mark.parametrize(
    ("kind", "wanted", "score"),
    [("table_vae", "", "combined"), ("table_flow", "log_likelihood", "log_likelihood.waic")],
)
def test_raw_rows_have_the_scores_of_the_run(kind, wanted, score, tiny_run, tmp_path):
    folder = RunFolder(tiny_run(kind).folder / "run")
    assert export_run(folder, tmp_path / "model", score=wanted) < 1e-4
    card = json.loads((tmp_path / "model" / CARD).read_text())
    assert card["score"] == score
    assert card["inputs"] == {
        **dict.fromkeys(["Time", "a", "b", "amount"], "float64"),
        "shop": "string",
    }


def test_the_card_says_what_goes_in_and_another_folder_is_left_alone(tiny_run, tmp_path, caplog):
    run = str(tiny_run("wgan").folder / "run")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    assert main([run, f"--output={tmp_path / 'mine'}"]) == 2
    assert main([str(tmp_path), f"--output={tmp_path / 'new'}"]) == 2
    assert main([run, f"--output={tmp_path / 'new'}", "--target_fpr=2"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_which_score_is_exported():
    assert exported_key("combined_flow", is_table=True) == "combined_flow"
    assert exported_key("combined_images", is_table=False) == "combined_images"
    for needs_more in ("iwae", "local_likelihood"):
        assert exported_key(needs_more, is_table=False) == "likelihood_residual"
    assert exported_key("extra_logit", is_table=False) == "extra_logit"


def test_a_score_without_a_form_in_tensorflow_is_named(tiny_run, tmp_path):
    folder = RunFolder(tiny_run("table_vae").folder / "run")
    scorer = open_scorer(folder)
    assert isinstance(probe_table(scorer.ensemble.encoder), pd.DataFrame)
    unknown = message_of(export_run, folder, tmp_path / "model", score="dose")
    assert unknown.startswith("--score=dose: ")
    scorer.ensemble.score_key = "local_likelihood"
    assert "local_likelihood has no form" in message_of(ExportedScore, scorer)


def test_denoisers_are_refused_in_a_line(tiny_run, tmp_path):
    folder = RunFolder(tiny_run("denoiser").folder / "run")
    message = message_of(export_run, folder, tmp_path / "model")
    assert message.startswith("denoising_residual draws noise for each picture")
    assert not (tmp_path / "model").exists()
