"""New pictures are read in parts; one that cannot be read has a reason in place of pixels."""

import numpy as np
from PIL import Image

from input_errors import message_of
from tools.data.images.new_pictures import picture_parts

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)


def test_parts_of_a_folder_an_array_and_one_picture(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, pixels in enumerate(PIXELS):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (folder / "2.png").write_bytes(b"\x89PNG")
    parts = list(picture_parts(folder, (28, 28, 1), 2))
    assert [list(part.names) for part in parts] == [
        ["0.png", "1.png"],
        ["2.png", "3.png"],
        ["4.png"],
    ]
    assert [len(part.images) for part in parts] == [2, 1, 1]
    assert parts[1].problems[0].count("2.png") and parts[1].problems[1] == ""
    np.testing.assert_array_equal(parts[2].images[0, ..., 0], PIXELS[4] / np.float32(255))
    np.save(tmp_path / "array.npy", PIXELS)
    (part,) = picture_parts(tmp_path / "array.npy", (28, 28, 1), 9)
    assert list(part.names) == ["0", "1", "2", "3", "4"]
    (one,) = picture_parts(folder / "3.png", (28, 28, 1), 9)
    assert list(one.names) == ["3.png"]


def test_what_cannot_be_read_at_all_is_an_error(tmp_path):
    def read(*arguments):
        return list(picture_parts(*arguments))

    assert "has no" in message_of(read, tmp_path, (28, 28, 1), 9)
    np.save(tmp_path / "array.npy", PIXELS)
    message = message_of(read, tmp_path / "array.npy", (32, 32, 1), 9)
    assert "is 28x28x1, and the run's images are 32x32x1" in message
