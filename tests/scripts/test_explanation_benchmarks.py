"""The benchmarks of explanations, on made-up pictures, tables and detectors that know the truth."""

import argparse

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from scripts.benchmarks import deletion, moved_features
from scripts.benchmarks.deletion import area
from scripts.benchmarks.moved_features import found_share, moved, splits
from scripts.benchmarks.pasted_patches import KINDS, map_figures, pasted_pictures

RANDOM = np.random.default_rng(0)
CLASSES = np.arange(12) % 2
PICTURES = np.zeros((12, 28, 28, 1), np.float32)
PICTURES[CLASSES == 0, 6:22, 12:15] = 1
PICTURES[CLASSES == 1, 12:15, 6:22] = 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_square_is_pasted_over_a_stroke_and_changed_pixels_lie_in_it(kind):
    found = pasted_pictures(kind, PICTURES, CLASSES, 12, np.random.default_rng(0))
    assert (found["square"].sum(axis=(1, 2)) == 100).all()
    assert (found["square"] >= found["changed"]).all()
    assert (found["changed"].sum(axis=(1, 2)) > 0).all()
    assert found["images"].min() >= 0 and found["images"].max() <= 1


def test_a_map_that_knows_the_pictures_finds_all_and_one_of_noise_nothing():
    def distance(images):
        maps = np.abs(images - PICTURES[[0, 1], np.newaxis]).max(axis=4)
        nearest = maps.mean(axis=(2, 3)).argmin(axis=0)
        return maps[nearest, np.arange(len(images))]

    def noise(images):
        return RANDOM.random(images.shape[:3])

    found, chance = (
        {figure.name: figure.value for figure in map_figures(maps, PICTURES, CLASSES, 12, 0)}
        for maps in (distance, noise)
    )
    assert min(found[f"pasted_patches.{kind}.changed"] for kind in KINDS) > 0.95
    assert max(abs(value - 0.5) for value in chance.values()) < 0.1


class Exact:
    """Adds the squares of the columns, each of mean 0, up to one and counts each by itself."""

    def score(self, frame):
        return self.explain(frame).sum(axis=1).to_numpy()

    def explain(self, frame):
        return frame.astype(float) ** 2


@pytest.fixture
def options(tmp_path, monkeypatch):
    """Flags for one table of 40 normal rows and 10 anomalies, and an exact detector."""
    x = RANDOM.normal(size=(50, 5)).astype(np.float32)
    x[40:, 2] += 9
    np.savez(tmp_path / "1_made_up.npz", x=x, y=np.repeat([0, 1], [40, 10]).astype(np.uint8))
    monkeypatch.setattr(moved_features, "fitted", lambda split, options: Exact())
    return argparse.Namespace(
        data_dir=str(tmp_path), tables="1_made_up", rows=300, members=1, seed=0
    )


def test_normal_rows_are_halved_and_a_table_that_is_not_there_is_named(options):
    ((name, split),) = splits(options)
    assert (name, len(split.training), len(split.normal), len(split.anomalies)) == (
        "1_made_up",
        20,
        20,
        10,
    )
    assert not set(split.training.index) & set(split.normal.index)
    options.tables = "2_wine"
    assert "2_wine" in message_of(list, splits(options))


def test_one_column_of_each_row_is_moved_by_four_deviations():
    rows = pd.DataFrame(np.zeros((6, 3), np.float32), columns=["a", "b", "c"])
    found, columns = moved(rows, pd.Series({"a": 1.0, "b": 0.5, "c": 0.0}), RANDOM)
    assert set(columns) <= {"a", "b"}
    for row, column in enumerate(columns):
        assert abs(found.loc[row, column]) == {"a": 4, "b": 2}[column]
        assert np.count_nonzero(found.loc[row]) == 1
    assert found_share(found.abs(), columns) == 1
    assert found_share(-found.abs(), columns) == 0


def test_an_exact_explanation_finds_moved_columns_and_falls_faster_than_by_chance(options):
    (figure,) = moved_features.figures(options)
    assert figure.value > 0.95
    (figure,) = deletion.figures(options)
    assert figure.value < 0.3
    assert figure.ratio > 1.5


def test_the_area_is_that_under_a_straight_line_where_columns_count_alike():
    rows, normal = pd.DataFrame(np.ones((2, 4))), pd.Series(np.zeros(4))
    orders = np.array([[0, 1, 2, 3], [3, 1, 0, 2]])
    assert area(Exact().score, rows, normal, orders) == pytest.approx(0.5)
