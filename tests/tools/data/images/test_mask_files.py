"""Masks of defects: found by name, read as the pictures are, and never in the way."""

import numpy as np
import pytest
from PIL import Image

from tools.data.example_set import ExampleSet
from tools.data.images.mask_files import defect_masks

NAMES = ("test/scratch/a.jpg", "test/scratch/deep/b.png", "test/good/c.png")


def pictures(folder, names=NAMES, fit="stretch"):
    images = np.zeros((len(names), 8, 8, 1), np.float32)
    ids, paths = np.arange(len(names)), np.array(names)
    return ExampleSet("scratch", images, ids, "", paths=paths, folder=folder, fit=fit)


def write_mask(folder, name, values):
    path = folder / "ground_truth" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path)


def half(side=16, width=16, value=255):
    """A mask whose left half is defective."""
    values = np.zeros((side, width))
    values[:, : width // 2] = value
    return values


def test_masks_are_found_by_the_names_of_their_pictures(tmp_path):
    write_mask(tmp_path, "scratch/a_mask.png", half())
    write_mask(tmp_path, "scratch/deep/b.bmp", half(value=1))
    write_mask(tmp_path, "scratch/another.png", half())
    rows, masks = defect_masks(pictures(tmp_path))
    assert rows.tolist() == [0, 1]
    assert masks[:, :, :4].all() and not masks[:, :, 4:].any()


def test_classes_beside_each_other_have_masks_too(tmp_path):
    write_mask(tmp_path, "scratch/a.png", half())
    assert defect_masks(pictures(tmp_path, ["scratch/a.jpg"]))[0].tolist() == [0]


@pytest.mark.parametrize(("fit", "columns"), [("stretch", 4), ("crop", 4), ("pad", 4)])
def test_a_mask_is_brought_to_the_shape_as_its_picture_is(tmp_path, fit, columns):
    write_mask(tmp_path, "scratch/a.png", half(side=8, width=16))
    _, (mask,) = defect_masks(pictures(tmp_path, NAMES[:1], fit))
    assert mask[4].tolist() == [True] * columns + [False] * (8 - columns)
    assert mask[0, 0] == (fit != "pad")  # there is no picture, hence no defect


def test_a_broken_mask_is_named_and_costs_the_others_nothing(tmp_path, caplog):
    write_mask(tmp_path, "scratch/a.png", half())
    write_mask(tmp_path, "scratch/deep/b.png", half())
    (tmp_path / "ground_truth" / "scratch" / "a.png").write_bytes(b"no picture")
    assert defect_masks(pictures(tmp_path))[0].tolist() == [1]
    assert "a.png" in caplog.text


def test_without_a_folder_or_masks_there_are_none(tmp_path):
    (tmp_path / "ground_truth").mkdir()
    for folder in (tmp_path, tmp_path / "missing", None):
        rows, masks = defect_masks(pictures(folder))
        assert len(rows) == 0 and masks.shape == (0, 8, 8)
