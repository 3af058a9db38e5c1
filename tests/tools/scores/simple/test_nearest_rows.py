"""Distances to the nearest rows against all pairs of rows."""

import numpy as np

from tools.scores.simple.feature_spaces import SPACES, fit_space, plain_columns
from tools.scores.simple.nearest_rows import (
    LEAST_SHARE,
    LOCAL_FLOOR,
    NEAREST_GROUPS,
    NearestRows,
)

RANDOM = np.random.default_rng(0)
TRAINING = RANDOM.normal(size=(60, 3)).astype(np.float32)
ROWS = RANDOM.normal(size=(9, 3)).astype(np.float32)


def pairs(rows, others):
    return np.linalg.norm(rows[:, None] - others[None], axis=2)


def test_scores_are_logarithms_of_distances_in_each_space():
    nearest = NearestRows(TRAINING, plain_columns(3), held_out=60)
    found, held_out = nearest.scores(ROWS), nearest.held_out
    for place, name in enumerate(SPACES):
        space = fit_space(name, TRAINING, plain_columns(3))
        new = np.sort(pairs(space(ROWS), space(TRAINING)), axis=1)[:, :5]
        own = np.sort(pairs(space(TRAINING), space(TRAINING)), axis=1)[:, 1:6]
        for offset, of in enumerate((lambda near: near[:, 0], lambda near: near.mean(axis=1))):
            least = LEAST_SHARE * np.median(of(own))
            np.testing.assert_allclose(found[2 * place + offset], np.log(of(new) + least))
            np.testing.assert_allclose(held_out[2 * place + offset], np.log(of(own) + least))


def test_the_local_ratio_compares_with_the_neighbours_own_neighbourhoods():
    space = fit_space("standard", TRAINING, plain_columns(3))
    own, new = pairs(space(TRAINING), space(TRAINING)), pairs(space(ROWS), space(TRAINING))
    spread = np.sort(own, axis=1)[:, 1:6].mean(axis=1)
    floor = LOCAL_FLOOR * np.median(spread)
    near = np.argsort(new, axis=1)[:, :5]
    around = np.sort(new, axis=1)[:, :5].mean(axis=1)
    expected = np.log((around + floor) / (spread[near].mean(axis=1) + floor))
    found = NearestRows(TRAINING, plain_columns(3), held_out=60).scores(ROWS)
    np.testing.assert_allclose(found[NEAREST_GROUPS.index("local")], expected, atol=1e-6)


def test_whitening_makes_the_scale_and_mixing_of_columns_no_matter():
    mixing = np.array([[1, 2, 0], [0, 1, 0], [1, 0, 30]], np.float32)
    many = RANDOM.normal(size=(2000, 3)).astype(np.float32)  # of many, little is shrunk
    place = NEAREST_GROUPS.index("whitened")
    plain, mixed = (
        NearestRows(many @ matrix, plain_columns(3), held_out=10).scores(ROWS @ matrix)[place]
        for matrix in (np.eye(3, dtype=np.float32), mixing)
    )
    np.testing.assert_allclose(plain, mixed, atol=0.2)


def test_a_row_is_no_neighbour_of_itself_but_its_equals_are():
    rows = np.concatenate([np.repeat(TRAINING[:1], 9, axis=0), TRAINING[1:]])
    held_out = NearestRows(rows, plain_columns(3), held_out=20).held_out
    assert held_out.shape == (len(NEAREST_GROUPS), 20)
    assert np.isfinite(held_out).all()
    assert (held_out[0, :9] < held_out[0, 9:].min()).all()


def test_where_most_rows_have_copies_the_local_ratio_stays_bounded():
    copies = np.concatenate([np.repeat(TRAINING[:4], 10, axis=0), TRAINING[:20]])
    local = NearestRows(copies, plain_columns(3), held_out=60).scores(ROWS)[
        NEAREST_GROUPS.index("local")
    ]
    assert np.abs(local).max() < 5
