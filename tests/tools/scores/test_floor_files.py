"""Files of simple detectors: saved once, made again for other rows, or left out."""

import numpy as np
import pytest

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.floor_files import write_floors, write_joined_floor
from tools.scores.floors import IMAGE_FLOOR_WORDS, TABLE_FLOOR_WORDS
from tools.scores.image_floors import IMAGE_FLOORS
from tools.scores.score_files import read_scores, write_scores
from tools.scores.score_registry import is_simple
from tools.scores.table_floors import TABLE_FLOORS


@pytest.fixture
def training():
    random = np.random.default_rng(0)
    mixing = random.normal(size=(4, 4))
    rows = (random.normal(size=(300, 4)) @ mixing).astype(np.float32)
    return ExampleSet("table", rows, np.arange(300), "checksum")


def test_flags_name_them_all():
    assert tuple(TABLE_FLOORS) == tuple(TABLE_FLOOR_WORDS)
    assert tuple(IMAGE_FLOORS) == tuple(IMAGE_FLOOR_WORDS)


def test_scores_are_saved_once_and_made_again_for_other_rows(training, tmp_path):
    folder, seeds = RunFolder(tmp_path), []
    fits = {"gaussian": lambda rows, seed: seeds.append(seed) or (lambda rows: rows.sum(axis=1))}
    test = training.take(np.arange(20, 40))
    for rows in (test, test, test.take(np.arange(7))):
        assert write_floors(fits, training, [rows], folder, 3, Stopwatch()) == {}
    assert seeds == [3, 3]
    file = read_scores(folder.peer_scores("gaussian", "table"))
    np.testing.assert_allclose(file.scores["gaussian"][0], test.examples[:7].sum(axis=1))
    assert file.ids.tolist() == list(range(20, 27))


def test_one_that_cannot_be_fitted_costs_the_others_nothing(training, tmp_path):
    def fails(rows, seed):
        raise ValueError("ill-defined\nempirical covariance")

    fits = {"gaussian": fails, "knn": lambda rows, seed: lambda rows: rows.sum(axis=1)}
    found = write_floors(fits, training, [training], RunFolder(tmp_path), 0, Stopwatch())
    assert found == {"gaussian": "ill-defined empirical covariance"}
    assert RunFolder(tmp_path).peer_scores("knn", "table").exists()


def test_what_simple_detectors_give_to_a_joined_score_is_a_floor_itself(training, tmp_path):
    folder = RunFolder(tmp_path)
    assert not write_joined_floor([training], folder, is_simple)
    given = np.random.default_rng(0).normal(size=(3, 1, 300))
    names = ("simple.whole", "simple.local", "brightness")
    write_scores(folder.inputs("table"), dict(zip(names, given, strict=True)), training.ids, {})
    assert write_joined_floor([training], folder, is_simple)
    file = read_scores(folder.peer_scores("simple", "table"))
    np.testing.assert_allclose(file.scores["simple"], given[0] + given[1], atol=1e-6)
