"""Named children of a root seed, and noise that belongs to a row."""

import numpy as np
from scipy import stats

from tools.run.seeds import RowRandom, child_seed, normal_rows, seed_stream


def test_children_are_fixed_for_ever():
    # Another value here means that a finished run cannot be repeated or gone on with.
    assert child_seed(0, "member", 3, "weights") == 2097001865
    assert normal_rows(1, np.array([2]), (2,)).tolist() == [
        [-0.3608265817165375, -0.20863281190395355]
    ]
    draw = seed_stream(5)
    assert [draw() for _ in range(3)] == [1440510676, 1728730615, 48647418]


def test_every_use_has_another_seed():
    paths = [
        (root, "member", member, use)
        for root in (0, 1, 2**40)
        for member in range(50)
        for use in ("weights", "order", "noise")
    ]
    paths += [(0, "member"), (0, "member", 0), (0, "rebmem"), (0,), (0, 0), (0, 0, 0)]
    seeds = [child_seed(root, *path) for root, *path in paths]
    assert len(set(seeds)) == len(paths)
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_noise_of_a_row_depends_on_seed_and_id_only():
    ids = np.array([5, 0, 70000, 6])
    rows = normal_rows(3, ids, (4, 2))
    assert rows.shape == (4, 4, 2)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(normal_rows(3, ids[::-1], (4, 2)), rows[::-1])
    for row, row_id in zip(rows, ids, strict=True):
        np.testing.assert_array_equal(normal_rows(3, np.array([row_id]), (4, 2))[0], row)
        assert not np.array_equal(normal_rows(4, np.array([row_id]), (4, 2))[0], row)
    assert normal_rows(3, ids[:0], (4, 2)).shape == (0, 4, 2)


def test_noise_is_standard_normal_and_independent_of_its_neighbours():
    rows = normal_rows(0, np.arange(2000), (100,))
    assert stats.kstest(rows.ravel(), "norm").pvalue > 0.01
    # Columns, neighbouring ids and neighbouring seeds: correlations of 200,000 numbers, 4 sigma.
    for other in (
        np.roll(rows, 1, axis=0),
        np.roll(rows, 1, axis=1),
        normal_rows(1, np.arange(2000), (100,)),
    ):
        assert abs(np.corrcoef(rows.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(rows.size)


def test_a_row_continues_its_own_stream_in_every_kind_of_draw():
    random, stream = RowRandom(7, [3, 9]), np.random.Generator(np.random.Philox(key=[7, 9]))
    np.testing.assert_array_equal(random.normal(4)[1], stream.standard_normal(4, np.float32))
    np.testing.assert_array_equal(
        random.uniform(-1, 1, 2, 3)[1], 2 * stream.random((2, 3), np.float32) - 1
    )
    assert random.integers(-1, 1)[1] == stream.integers(-1, 1, endpoint=True)
    means = np.full((2, 5), 30.0)
    np.testing.assert_array_equal(random.poisson(means)[1], stream.poisson(means[1]))
