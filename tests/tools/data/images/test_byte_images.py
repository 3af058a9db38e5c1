"""Images that stay bytes are indexed as the floats that they stand for."""

import pickle

import numpy as np
import pytest

from tools.data.example_set import ExampleSet, digest_of
from tools.data.images.byte_images import ByteImages

STORED = np.random.default_rng(0).integers(0, 256, (2100, 4, 4, 3), np.uint8)
FLOATS = np.divide(STORED, np.float32(255), dtype=np.float32)


@pytest.mark.parametrize("index", [3, slice(2, 9), [5, 1, 5], np.array([7, 0])])
def test_an_index_gives_floats(index):
    np.testing.assert_array_equal(ByteImages(STORED)[index], FLOATS[index])
    assert ByteImages(STORED)[index].dtype == np.float32


def test_shape_mean_array_and_digest_are_those_of_the_floats():
    images = ByteImages(STORED)
    assert (images.shape, images.ndim, images.dtype) == (FLOATS.shape, 4, np.float32)
    assert (len(images), images.size) == (2100, FLOATS.size)
    mean = FLOATS.mean(axis=(0, 1, 2), dtype=np.float64)
    np.testing.assert_allclose(images.mean(axis=(0, 1, 2)), mean, rtol=1e-12)
    np.testing.assert_array_equal(np.asarray(images), FLOATS)
    assert digest_of(images) == digest_of(FLOATS)


def test_chosen_rows_copy_nothing():
    rows = np.array([9, 3, 2000])
    chosen = ExampleSet("x", ByteImages(STORED), np.arange(2100), "").take(rows)
    assert chosen.examples.stored is STORED
    np.testing.assert_array_equal(chosen.examples[1:], FLOATS[[3, 2000]])
    np.testing.assert_array_equal(chosen.in_memory().examples, FLOATS[rows])


def test_mapped_images_are_pickled_as_their_path(tmp_path):
    np.save(tmp_path / "x.npy", STORED)
    mapped = ByteImages(np.load(tmp_path / "x.npy", mmap_mode="r"), np.array([5, 6]))
    content = pickle.dumps(mapped)
    assert len(content) < 1000
    np.testing.assert_array_equal(pickle.loads(content)[:], FLOATS[[5, 6]])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(ByteImages(STORED)))[:], FLOATS)
