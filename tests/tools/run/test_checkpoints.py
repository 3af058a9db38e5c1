"""Checkpoints come back as they were saved, and a damaged one costs only itself."""

import logging

import numpy as np
import pytest

from tools.run.checkpoints import (
    checkpoints_by_step,
    file_digest,
    newest_checkpoint,
    read_checkpoint,
    save_checkpoint,
)

ARRAYS = {
    "encoder/kernel": np.linspace(0, 1, 3000, dtype=np.float32).reshape(3, 10, 100),
    "optimizer/iteration": np.int64(20),
    "empty": np.zeros((0, 4), np.float32),
}


def assert_same_arrays(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_arrays_come_back_with_their_step_and_type(tmp_path):
    assert newest_checkpoint(tmp_path) is None
    save_checkpoint(tmp_path / "0", 20, ARRAYS)
    checkpoint = newest_checkpoint(tmp_path / "0")
    assert checkpoint.step == 20
    assert_same_arrays(checkpoint.arrays, ARRAYS)
    assert_same_arrays(read_checkpoint(checkpoint.path).arrays, ARRAYS)


def test_the_newest_is_found_and_two_are_kept(tmp_path):
    for step in (5, 90, 100, 1000):
        save_checkpoint(tmp_path, step, {"step": np.int64(step)})
    assert newest_checkpoint(tmp_path).arrays["step"] == 1000
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "checkpoint-00000100.npz",
        "checkpoint-00001000.npz",
    ]
    save_checkpoint(tmp_path, 1001, {"step": np.int64(1001)}, keep=1)
    assert len(list(tmp_path.iterdir())) == 1


def test_all_are_kept_where_that_is_asked_for_but_those_of_later_steps(tmp_path):
    for step in (5, 90, 100, 95):
        save_checkpoint(tmp_path, step, {"step": np.int64(step)}, keep=None)
    by_step = checkpoints_by_step(tmp_path)
    assert list(by_step) == [5, 90, 95]
    assert read_checkpoint(by_step[90]).step == 90


def test_other_peoples_files_are_neither_read_nor_deleted(tmp_path):
    names = ["checkpoint-99999999.npz.bak", "checkpoint-best.npz", "history.jsonl", "checkpoint-1"]
    for name in names:
        (tmp_path / name).write_text("mine")
    for step in range(4):
        save_checkpoint(tmp_path, step, ARRAYS)
    assert newest_checkpoint(tmp_path).step == 3
    assert {name for name in names if (tmp_path / name).read_text() == "mine"} == set(names)


def test_the_same_state_gives_the_same_bytes(tmp_path):
    for folder in ("a", "b"):
        save_checkpoint(tmp_path / folder, 1, ARRAYS)
    first, second = (file_digest(tmp_path / x / "checkpoint-00000001.npz") for x in "ab")
    assert first == second
    save_checkpoint(tmp_path / "b", 1, ARRAYS | {"empty": np.zeros((0, 5), np.float32)})
    assert file_digest(tmp_path / "b" / "checkpoint-00000001.npz") != first


def damage_newest(folder, change):
    """Saves steps 1 and 2 and puts change(content) in the place of the second file's content."""
    for step in (1, 2):
        save_checkpoint(folder, step, ARRAYS)
    path = folder / "checkpoint-00000002.npz"
    path.write_bytes(change(path.read_bytes()))
    return path


@pytest.mark.parametrize(
    "change",
    [lambda _: b"", lambda content: content[:-1], lambda content: content[:5000],
     lambda content: bytes(len(content)), lambda content: content[5000:]],
    ids=["empty", "last byte missing", "cut", "zeros", "start missing"],
)  # fmt: skip
def test_a_damaged_file_is_passed_over_with_a_warning(tmp_path, caplog, change):
    path = damage_newest(tmp_path, change)
    checkpoint = newest_checkpoint(tmp_path)
    assert checkpoint.step == 1
    assert_same_arrays(checkpoint.arrays, ARRAYS)
    assert [(record.levelno, str(path) in record.message) for record in caplog.records] == [
        (logging.WARNING, True)
    ]
    path.with_name("checkpoint-00000001.npz").unlink()
    assert newest_checkpoint(tmp_path) is None


def test_no_flipped_bit_changes_an_array_unseen(tmp_path):
    path = damage_newest(tmp_path, bytes)
    whole = path.read_bytes()
    passed_over = 0
    # The headers of file and array, some data, and the archive's list of arrays. In that list a bit
    # can hide an array, which is seen when a model asks for it.
    for position in (*range(150), *range(4000, 12000, 1000), *range(len(whole) - 150, len(whole))):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        checkpoint = newest_checkpoint(tmp_path)
        passed_over += checkpoint.step == 1
        assert_same_arrays(ARRAYS | checkpoint.arrays, ARRAYS)
    assert passed_over > 100


def test_a_checkpoint_is_kept_beside_damaged_ones_of_later_steps(tmp_path):
    for step in (1000, 1500):
        (tmp_path / f"checkpoint-{step:08d}.npz").write_bytes(b"damaged")
    for step in (400, 800):
        save_checkpoint(tmp_path, step, {"step": np.int64(step)})
        assert newest_checkpoint(tmp_path).step == step
    assert len(list(tmp_path.iterdir())) == 2
