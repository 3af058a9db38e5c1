"""Masks of defects: which pixels of a picture are defective, as MVTec AD's folders tell."""

import logging
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from tools.data.example_set import ExampleSet
from tools.data.images.folder_layout import MASK_FOLDERS, TEST
from tools.data.images.image_folder import picture_paths
from tools.data.images.picture_files import (
    PictureForm,
    as_form,
    bombs_refused,
    decoded_picture,
    picture_facts,
)
from tools.errors import InputError

_LOG = logging.getLogger(__name__)
_ENDINGS = ("", "_mask")  # of a mask's name, after that of its picture


def defect_masks(pictures: ExampleSet) -> tuple[np.ndarray, np.ndarray]:
    """The masks of those pictures that have one.

    The mask of test/KIND/NAME.jpg, or of KIND/NAME.jpg, is ground_truth/KIND/NAME.png or
    NAME_mask.png, in any format; what is brighter than half of its largest value is defective.
    Masks that cannot be read are named and left out.

    Args:
        pictures: Pictures of a folder; others have no masks.

    Returns:
        Positions of these pictures, int [picture], and bool [picture, height, width].
    """
    height, width = pictures.examples.shape[1:3]
    form, rows, masks = PictureForm(height, width, 1, pictures.fit), [], []
    known = _known_masks(pictures.folder) if pictures.folder else {}
    names = [] if pictures.paths is None or not known else pictures.paths.tolist()
    with bombs_refused():
        for row, name in enumerate(names):
            path = next((known[key] for key in _keys(name) if key in known), None)
            if path is not None and (mask := _mask_or_none(path, form)) is not None:
                rows.append(row)
                masks.append(mask)
    empty = np.zeros((0, height, width), bool)
    return np.array(rows, np.int64), np.stack(masks) if masks else empty


def _known_masks(folder: Path) -> dict[str, Path]:
    """The masks in a folder of pictures, by their path in the folder of masks without ending."""
    found: dict[str, Path] = {}
    for root in (folder / name for name in MASK_FOLDERS):
        if root.is_dir() and any(root.iterdir()):
            paths = picture_paths(root)
            found |= {path.relative_to(root).with_suffix("").as_posix(): path for path in paths}
    return found


def _keys(name: str) -> list[str]:
    """Names that the mask of a picture may have in `_known_masks`."""
    path = PurePosixPath(name).with_suffix("")
    below = path.relative_to(TEST) if path.parts[0] == TEST else path
    return [f"{below}{ending}" for ending in _ENDINGS]


def _mask_or_none(path: Path, form: PictureForm) -> np.ndarray | None:
    try:
        facts = picture_facts(path)
        values = decoded_picture(path, PictureForm(facts.height, facts.width, 1))[..., 0]
    except InputError as error:
        _LOG.warning("a mask is left out: %s", error)
        return None
    is_odd = values > values.max() / 2
    # Where a form is padded with white nothing is defective.
    sound = as_form(Image.fromarray(np.where(is_odd, 0, 255).astype(np.uint8)), form)
    return sound[..., 0] < 128
