"""New pictures are read in parts; one that cannot be read has a reason in place of pixels."""

import numpy as np
from PIL import Image

from input_errors import message_of
from tools.data.images.new_pictures import picture_parts
from tools.data.images.picture_files import PictureForm
from tools.data.images.preprocessing import FOUND

FORM = PictureForm(28, 28, 1)
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


def test_parts_of_a_folder_an_array_and_one_picture(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, pixels in enumerate(PIXELS):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "2.png").write_bytes(b"\x89PNG")
    parts = list(picture_parts(folder, FORM, FOUND, 2))
    assert [list(part.names) for part in parts] == [
        ["0.png", "1.png"],
        ["2.png", "3.png"],
        ["4.png"],
    ]
    assert [len(part.images) for part in parts] == [2, 1, 1]
    assert parts[1].problems[0].count("2.png") and parts[1].problems[1] == ""
    np.testing.assert_array_equal(parts[2].images[0, ..., 0], PIXELS[4] / np.float32(255))
    np.save(tmp_path / "array.npy", PIXELS)
    (part,) = picture_parts(tmp_path / "array.npy", FORM, FOUND, 9)
    assert list(part.names) == ["0", "1", "2", "3", "4"]
    (one,) = picture_parts(folder / "3.png", FORM, FOUND, 9)
    assert list(one.names) == ["3.png"]


def test_what_cannot_be_read_at_all_is_an_error(tmp_path):
    def read(*arguments):
        return list(picture_parts(*arguments))

    assert "has no" in message_of(read, tmp_path, FORM, FOUND, 9)


def test_pictures_of_another_shape_get_that_of_the_run(tmp_path):
    Image.new("RGB", (50, 40), "white").save(tmp_path / "photo.png")
    np.save(tmp_path / "array.npy", np.zeros((2, 32, 32, 3), np.uint8))
    for source, value in (("photo.png", 1), ("array.npy", 0)):
        (part,) = picture_parts(tmp_path / source, FORM, FOUND, 9)
        assert part.images.shape[1:] == (28, 28, 1) and part.images.min() == value
