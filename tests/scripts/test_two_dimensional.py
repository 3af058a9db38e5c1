"""The example in two dimensions: its numbers, and a run with few steps."""

import numpy as np
import pytest

from scripts.examples import two_dimensional
from scripts.examples.two_dimensional import PIXELS, draw, main, map_places, maps_of, mixtures
from scripts.examples.two_dimensional_models import PointFlow, PointWGAN


def test_points_are_those_of_the_mixture():
    centres, width = mixtures()["three"]
    points = draw(centres, width, 30_000, seed=0)
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    for component in range(3):
        own = points[nearest == component]
        assert len(own) == pytest.approx(10_000, rel=0.05)
        np.testing.assert_allclose(own.mean(axis=0), centres[component], atol=0.05)
        assert own.std() > 0


def test_maps_are_row_by_row_and_test_points_come_after_them():
    places = map_places()
    assert places[0].tolist() == [-3, -3]
    assert places[1, 0] > places[0, 0]
    inside = np.zeros((50, 2), np.float32)
    distance = np.linalg.norm(np.concatenate([places, inside]), axis=1)
    maps = maps_of("flows", np.stack([-distance, -2 * distance]))
    assert maps.mean.shape == (PIXELS, PIXELS)
    np.testing.assert_allclose(maps.mean.ravel(), -1.5 * distance[: len(places)])
    np.testing.assert_allclose(maps.deviation.ravel(), 0.5 * distance[: len(places)])
    assert maps.aurocs == {"mean": 1, "variance": 1}


@pytest.mark.parametrize("model", [PointFlow, PointWGAN])
def test_a_member_is_that_of_its_seed_whatever_was_trained_before(model):
    points = draw(*mixtures()["ring"], 500, seed=0)
    places = points[:7]
    trained = model(3)
    first = trained.values(points, places, seed=1)
    other = trained.values(points, places, seed=2)
    np.testing.assert_array_equal(trained.values(points, places, seed=1), first)
    assert not np.allclose(first, other)


def test_a_flow_learns_the_density():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((2000, 2)).astype(np.float32) * 0.5 + [1, -1]
    places = np.array([[1, -1], [1.5, -1]], np.float32)
    density = PointFlow(150).values(points.astype(np.float32), places, seed=0)
    np.testing.assert_allclose(density, -np.log(2 * np.pi * 0.25) - np.array([0, 0.5]), atol=0.3)


def test_the_story_writes_a_map_for_each_mixture(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(two_dimensional, "PIXELS", 20)
    monkeypatch.setattr(two_dimensional, "POINTS", 300)
    flags = ["--members=2", "--flow_steps=2", "--wgan_steps=2", f"--output={tmp_path}"]
    assert main(flags) == 0
    assert capsys.readouterr().out.count("AUROC against uniform points") == 4
    assert {path.name for path in tmp_path.iterdir()} == {
        "two_dimensional_ring.png",
        "two_dimensional_three.png",
    }
