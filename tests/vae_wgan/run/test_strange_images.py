"""A run keeps maps of its most anomalous images by the headline score."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fake_model import FakeModel, fake_runner, made_up_set
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.detection import headlines_of
from tools.scores.finished_run import read_maps, read_run
from tools.scores.metrics import auroc
from tools.scores.pictures.picture_ensemble import PictureEnsemble
from tools.scores.pictures.pixel_counts import PixelCounts
from tools.scores.score_files import read_arrays
from tools.scores.score_lines import score_lines
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.members import TrainedMember
from vae_wgan.run.score_sets import score_datasets, write_input_statistics
from vae_wgan.run.strange_images import SHOWN, score_and_show_strange_places

SETTINGS = SimpleNamespace(
    score_keys=("local_residual", "iwae"), seed=0, ddof=0, scoring_samples=1, compile=False
)


def with_masks(images, folder):
    """The images as pictures of a folder in which the first three have masks, and the masks."""
    paths = np.array([f"test/odd/{number}.png" for number in range(len(images))])
    masks = np.arange(48).reshape(3, 4, 4) % 5 == 0
    (folder / "ground_truth" / "odd").mkdir(parents=True)
    for number, mask in enumerate(masks):
        Image.fromarray(mask).save(folder / "ground_truth" / "odd" / f"{number}_mask.png")
    return replace(images, paths=paths, folder=folder, fit="stretch"), masks


def test_scores_that_need_simple_detectors_get_them_and_theirs_are_the_maps(tmp_path):
    training, test = made_up_set("train", 14), made_up_set("test", 5, first_id=100)
    calibration, odd = made_up_set(CALIBRATION, 6), made_up_set("odd", 15, first_id=200)
    odd, masks = with_masks(odd, tmp_path / "pictures")
    data = ExperimentData(training, calibration, training.examples[:1], test, (odd,), {})
    folder, members = RunFolder(tmp_path), [TrainedMember(FakeModel(), Path(), "digest")]
    folder.update_manifest(settings={}, datasets=data.described().to_json())
    score_datasets(fake_runner(FakeModel()).scores, members, data.scored, SETTINGS, folder)
    write_input_statistics(data.scored, "bernoulli", folder, Stopwatch())
    score_and_show_strange_places(members, data, SETTINGS, folder)
    run = read_run(folder, SETTINGS.score_keys)
    key, statistic = headlines_of(SETTINGS.score_keys)[0]
    scores = score_lines(run, "odd", [key], 0)[key, statistic][0]
    shown = read_maps(run, "odd")
    order = np.argsort(-scores, kind="stable")[:SHOWN]
    np.testing.assert_array_equal(shown["ids"], odd.ids[order])
    ensemble = PictureEnsemble(read_arrays(folder.simple_ensemble()))
    np.testing.assert_allclose(
        shown["maps"], ensemble.maps(odd.examples[order]), rtol=1e-4, atol=1e-4
    )
    assert len(read_maps(run, "test")["ids"]) == 5
    counts = PixelCounts.read(folder.pixels("odd"))
    maps = ensemble.maps(odd.examples[: len(masks)])
    assert counts.auroc() == pytest.approx(auroc(maps[~masks], maps[masks]), abs=0.02)
    assert PixelCounts.read(folder.pixels("test")) is None


def test_a_run_keeps_maps_of_the_most_anomalous_images_of_each_set(tiny_run):
    folder = RunFolder(tiny_run("vae").folder / "run")
    keys = folder.manifest().settings["score_keys"]
    run, (key, statistic) = read_run(folder, keys), headlines_of(keys)[0]
    assert run.test_sets
    for name in run.test_sets:
        shown = read_maps(run, name)
        assert shown["maps"].shape == (SHOWN, 28, 28)
        order = np.argsort(-score_lines(run, name, [key], 0)[key, statistic][0], kind="stable")
        np.testing.assert_array_equal(shown["ids"], run.scores[name].ids[order[:SHOWN]])
        assert (folder.path / "analysis" / "maps" / f"{name}.png").exists()
