"""Differences of AUROC on the same examples, and the best simple detector of each set."""

import dataclasses

import numpy as np
import pytest

from run_folder_fixture import table_of, write_run
from tools.run.run_folder import RunFolder
from tools.scores.comparison import best_floors, difference, gains, ties_with_first
from tools.scores.metrics import auroc
from tools.scores.ranking import ranking_of
from tools.scores.score_files import read_scores, write_scores


def add_floor(folder: RunFolder, name: str, noise: float, **shifts: float) -> None:
    """Scores of a simple detector: 0 of normal examples, `shifts` of others, and noise."""
    for dataset in ("digits", "near", "far"):
        ids = read_scores(folder.scores(dataset)).ids
        random = np.random.default_rng([len(name), len(dataset)])
        values = shifts.get(dataset, 0.0) + noise * random.normal(size=(1, len(ids)))
        write_scores(folder.peer_scores(name, dataset), {name: values}, ids, {})


@pytest.fixture
def folder(tmp_path):
    """A run of which one floor is best on `near`, and another one as good as the run on `far`."""
    folder = write_run(tmp_path)
    add_floor(folder, "power_spectrum", 0.1, near=5.0)
    add_floor(folder, "pca_neighbours", 1.0, near=1.0, far=50.0)
    return folder


def row_of(table, dataset, score, statistic="ensemble"):
    wanted = (dataset, score, statistic)
    return next(row for row in table.rows if (row.dataset, row.score, row.statistic) == wanted)


def test_the_best_floor_of_each_set_is_its_own(folder):
    near, far = best_floors(gains(table_of(folder, draws=200)))
    assert (near.row.score, near.row.statistic) == ("iwae", "waic")
    assert (near.floor.score, far.floor.score) == ("power_spectrum", "pca_neighbours")
    assert near.value == pytest.approx(near.row.auroc - 1)
    assert (near.sign, far.sign) == (-1, 0)
    assert near.difference.high < 0
    assert far.difference.low < 0 < far.difference.high


def test_scores_of_the_same_examples_are_compared_in_pairs(folder):
    table = table_of(folder, draws=300)
    mean, waic = (row_of(table, "near", "iwae", name) for name in ("mean", "waic"))
    found = difference(table, mean, waic)
    assert found.value == pytest.approx(mean.auroc - waic.auroc)
    assert found.low <= found.value <= found.high
    # Of two scores that nearly agree less is left to chance than of two unrelated ones.
    apart = np.hypot(mean.auroc_high - mean.auroc_low, waic.auroc_high - waic.auroc_low)
    assert found.high - found.low < apart / 2
    resampled = table.draws["near", "iwae", "mean"]
    assert resampled.mean() == pytest.approx(mean.auroc, abs=0.03)


def test_scores_of_other_examples_are_compared_with_none(folder):
    for name, shift in (("digits", 0), ("near", 9)):
        path = folder.peer_scores("gaussian", name)
        values = np.random.default_rng(shift).normal(shift, 1, (1, 40))
        write_scores(path, {"gaussian": values}, np.arange(40), {})
    table = table_of(folder, draws=20)
    other, own = row_of(table, "near", "gaussian"), row_of(table, "near", "iwae", "waic")
    assert other.auroc == 1
    assert difference(table, own, other) is None
    assert best_floors(gains(table))[0].floor.score == "power_spectrum"


def test_without_draws_the_sign_is_that_of_the_estimate(folder):
    near, _ = best_floors(gains(table_of(folder, draws=0)))
    assert near.difference is None
    assert near.sign == -1
    equal = dataclasses.replace(near, floor=near.row)
    assert equal.sign == 0


def test_a_run_without_floors_has_no_gains(tmp_path):
    assert list(gains(table_of(write_run(tmp_path)))) == []


def test_resampled_aurocs_are_those_of_the_files(folder):
    table = table_of(folder, draws=5)
    files = [read_scores(folder.peer_scores("power_spectrum", n)) for n in ("digits", "near")]
    scores = [file.scores["power_spectrum"][0] for file in files]
    assert row_of(table, "near", "power_spectrum").auroc == auroc(*scores)


def test_what_cannot_be_told_from_the_first_is_named(folder):
    """All statistics of the run know `far`; on `near` they differ, and one floor knows it best."""
    table = table_of(folder, draws=200)
    ranked = ranking_of(table)
    first, *others = ranked
    ties = ties_with_first(table, ranked)
    assert (first.score, first.statistic) in ties
    for other in others:
        own = (other.score, other.statistic)
        apart = (first.worst.auroc_low or 0) > (other.worst.auroc_high or 1)
        assert not (apart and own in ties)
        if other.worst.auroc == first.worst.auroc:
            assert own in ties
    assert len(ties) < len(ranked)
    assert ties_with_first(table_of(folder, draws=0), ranked) == set()
