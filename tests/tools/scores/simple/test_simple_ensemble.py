"""The score of the simple detectors is a function of the row, and its state is all it knows."""

import numpy as np
import pytest

from tools.files.whole_files import write_npz
from tools.scores.metrics import auroc
from tools.scores.score_files import read_arrays
from tools.scores.simple import simple_ensemble
from tools.scores.simple.feature_spaces import NUMBER, plain_columns
from tools.scores.simple.simple_ensemble import GROUP_WEIGHTS, GROUPS, WEIGHTS, SimpleEnsemble


def normal_rows(count, seed):
    random = np.random.default_rng(seed)
    first = random.normal(size=(count, 1))
    second = first + 0.1 * random.normal(size=(count, 1))
    return np.hstack([first, second, random.random((count, 1))]).astype(np.float32)


@pytest.fixture(scope="module")
def ensemble():
    return SimpleEnsemble.fit(normal_rows(300, 0), plain_columns(3), seed=0)


def test_far_rows_and_broken_relations_are_more_anomalous(ensemble):
    normal = normal_rows(200, 1)
    broken = np.column_stack([normal[:, 0], -normal[:, 1], normal[:, 2]])[np.abs(normal[:, 0]) > 1]
    assert auroc(ensemble.scores(normal), ensemble.scores(normal + 6)) > 0.999
    assert auroc(ensemble.scores(normal), ensemble.scores(broken)) > 0.99


def test_normal_rows_have_scores_about_0_in_units_of_a_detectors_deviation(ensemble):
    scores = ensemble.scores(normal_rows(500, 2))
    assert abs(scores.mean()) < 0.2
    assert 0.4 < scores.std() < 1.3


def test_a_score_depends_on_its_row_alone(ensemble, monkeypatch):
    rows = normal_rows(50, 3)
    expected = ensemble.scores(rows)
    order = np.random.default_rng(0).permutation(50)
    np.testing.assert_allclose(ensemble.scores(rows[order]), expected[order], atol=1e-6)
    np.testing.assert_allclose(ensemble.scores(rows[7:8]), expected[7:8], atol=1e-6)
    monkeypatch.setattr(simple_ensemble, "_BATCH", 8)
    np.testing.assert_allclose(ensemble.scores(rows), expected, atol=1e-6)
    assert ensemble.scores(rows[:0]).shape == (0,)


def test_a_row_that_is_not_finite_is_most_anomalous_and_the_others_keep_their_scores(ensemble):
    rows = normal_rows(6, 3)
    expected = ensemble.scores(rows)
    rows[2, 1] = np.inf
    rows[4, 0] = 3e38
    found = ensemble.scores(rows)
    assert found[2] == np.inf
    assert found.argsort()[-2] == 4
    np.testing.assert_allclose(found[[0, 1, 3, 5]], expected[[0, 1, 3, 5]], atol=1e-6)


def test_the_state_goes_through_a_file(ensemble, tmp_path):
    write_npz(tmp_path / "simple.npz", ensemble.state)
    rows = normal_rows(20, 4)
    kept = SimpleEnsemble(read_arrays(tmp_path / "simple.npz"))
    np.testing.assert_array_equal(kept.scores(rows), ensemble.scores(rows))


def test_the_score_is_the_weighted_mean_of_standardised_scores(ensemble):
    rows = normal_rows(5, 5)
    groups = {name: [] for name in GROUP_WEIGHTS}
    for place, (name, score) in enumerate(zip(GROUPS, ensemble.parts(rows), strict=True)):
        mean, scale = ensemble._mean[place], ensemble._scale[place]
        groups[name].append((score - mean) / scale)
    weighted = [weight * np.mean(groups[name], axis=0) for name, weight in GROUP_WEIGHTS.items()]
    expected = np.sum(weighted, axis=0) / sum(GROUP_WEIGHTS.values())
    np.testing.assert_allclose(ensemble.scores(rows), expected)
    assert WEIGHTS.sum() == pytest.approx(1)


@pytest.mark.parametrize("case", ["collinear", "constant", "repeated", "few", "huge"])
def test_awkward_rows_have_finite_scores(case):
    rows = normal_rows(60, 0)
    if case == "collinear":
        rows = np.hstack([rows, rows, 2 * rows])
    elif case == "constant":
        rows[:, 1] = 7
    elif case == "repeated":
        rows = np.repeat(rows[:6], 10, axis=0)
    elif case == "few":
        rows = rows[:8]
    else:
        rows *= 1e12
    found = SimpleEnsemble.fit(rows, plain_columns(rows.shape[1]), seed=0).scores(rows[:20] + 1)
    assert np.isfinite(found).all()


def test_a_word_may_be_rare_in_some_folds_alone():
    is_rare = np.arange(1000) < 5
    words = np.column_stack([is_rare, ~is_rare]).astype(np.float32)
    rows = np.hstack([normal_rows(1000, 3), words])
    columns = plain_columns(5)._replace(group=np.array([NUMBER] * 3 + [0, 0]))
    assert np.isfinite(SimpleEnsemble.fit(rows, columns, seed=0).scores(rows)).all()


def test_of_many_rows_drawn_ones_are_learnt(monkeypatch):
    monkeypatch.setattr(simple_ensemble, "MOST_ROWS", 40)
    monkeypatch.setattr(simple_ensemble, "MOST_HELD_OUT", 30)
    ensemble = SimpleEnsemble.fit(normal_rows(100, 0), plain_columns(3), seed=0)
    assert len(ensemble.state["training"]) == 40
    assert np.isfinite(ensemble.scores(normal_rows(5, 1))).all()
