"""A run keeps maps of its most anomalous images by the headline score."""

import numpy as np

from tools.run.run_folder import RunFolder
from tools.scores.detection import headlines_of
from tools.scores.finished_run import read_maps, read_run
from tools.scores.score_lines import score_lines
from vae_wgan.run.strange_images import SHOWN, score_and_show_strange_places


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
    assert callable(score_and_show_strange_places)
