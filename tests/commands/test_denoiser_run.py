"""The whole command on a tiny run; what it shares with `vae_run.py` is tested there."""

import csv
import json

import numpy as np
import pytest

from program import call
from tiny_run import bytes_by_path, tiny_denoiser_command


@pytest.fixture(scope="module")
def finished(tiny_run):
    return tiny_run("denoiser")


def test_a_run_leaves_scores_samples_denoised_images_and_a_report(finished):
    run = finished.folder / "run"
    with np.load(run / "0" / "samples.npz") as samples:
        assert samples["images"].shape == (64, 28, 28, 1)
    plots = {path.stem for path in (run / "analysis").glob("*.png")}
    assert {"samples", "reconstructions_bars", "roc_denoising_residual"} <= plots
    with open(run / "analysis" / "metrics.csv", newline="") as file:
        scores = {row["score"] for row in csv.DictReader(file)}
    assert {"denoising_error", "denoising_residual", "denoising_typicality"} <= scores
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["costs"]["denoising"] > 0
    assert manifest["likelihood"].startswith("none")


def test_trained_members_are_scored_again_to_the_same_bytes_and_with_a_further_score(copied):
    before = bytes_by_path(copied / "run", r"metrics\.csv")
    assert call(tiny_denoiser_command(copied, "--skip_train")).returncode == 0
    assert bytes_by_path(copied / "run", r"metrics\.csv") == before
    further = "--score_keys=eigenscore", "--compile=False"
    again = call(tiny_denoiser_command(copied, "--skip_train", *further))
    assert again.returncode == 0, again.stderr
    assert "eigenscore" in again.stdout
