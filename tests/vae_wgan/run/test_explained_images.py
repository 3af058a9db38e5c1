"""Overlays of images: a file each, under a name that stays in its folder."""

import numpy as np
from PIL import Image

from vae_wgan.run.explained_images import write_overlays

IMAGES = np.full((3, 28, 28, 1), 0.4, np.float32)


class Ensemble:
    """Maps in which a square is strange."""

    def maps(self, images):
        maps = np.zeros(images.shape[:3])
        maps[:, 4:10, 12:20] = 9
        return maps


def test_each_image_has_its_file_and_no_name_leaves_the_folder(tmp_path):
    write_overlays(Ensemble(), IMAGES, ["of today/1.png", "../up", "?"], tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "of-today-1.png.png",
        "up.png",
        "picture.png",
    }
    shown = np.asarray(Image.open(tmp_path / "up.png")).astype(int)
    colour = np.ptp(shown, axis=2) > 20
    assert colour[8 * 4 : 8 * 10, 8 * 12 : 8 * 20].all()
    assert colour.sum() == 64 * 6 * 8


def test_no_image_needs_no_folder(tmp_path):
    write_overlays(Ensemble(), IMAGES[:0], [], tmp_path / "maps")
    assert not (tmp_path / "maps").exists()
