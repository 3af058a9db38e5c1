"""Folders of pictures: what is found, which form they get, and what is left out."""

import logging

import numpy as np
import pytest
from PIL import Image

from input_errors import message_of
from picture_folders import picture, write_pictures
from tools.data.images import image_folder
from tools.data.images.image_folder import form_of, picture_paths, read_pictures
from tools.data.images.picture_files import PictureForm
from tools.data.images.preprocessing import ReadOptions

FOUND = ReadOptions()
FORM = PictureForm(32, 32, 3)


@pytest.fixture(autouse=True)
def _info(caplog):
    caplog.set_level(logging.INFO)


def form(folder, options=FOUND):
    return form_of(picture_paths(folder), "own", options)


def test_pictures_are_found_below_the_folder_in_order_and_others_passed_over(tmp_path):
    for name in ("b/2.JPG", "b/1.webp", "a.png", ".hidden/3.png", "b/.4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        picture().save(tmp_path / name, format="png")
    (tmp_path / "notes.txt").write_text("")
    found = [path.relative_to(tmp_path).as_posix() for path in picture_paths(tmp_path)]
    assert found == ["a.png", "b/1.webp", "b/2.JPG"]


def test_a_folder_without_pictures_says_what_it_has(tmp_path):
    (tmp_path / "x.heic").write_text("")
    message = message_of(picture_paths, tmp_path)
    assert f"{tmp_path} has no pictures" in message and "there are .heic files" in message


def test_pictures_keep_their_own_size_where_they_agree(tmp_path, caplog):
    assert form(write_pictures(tmp_path, 3)) == PictureForm(32, 32, 3)
    assert not caplog.messages


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([(64, 48)], "pictures of 64x48 pixels become 64x64 by --fit=stretch; --image_size=N"),
        ([(32, 32), (40, 32)], "pictures of 2 sizes become 64x64 by --fit=stretch; --image_size=N"),
        ([(224, 224)], "pictures of 224x224 pixels become 64x64"),
        ([(30, 30)], "pictures of 30x30 pixels become 64x64"),
    ],
)
def test_else_they_become_64_pixels_and_a_line_says_so(tmp_path, caplog, sizes, words):
    for number, size in enumerate(sizes):
        picture(size=size).save(tmp_path / f"{number}.png")
    assert form(tmp_path) == PictureForm(64, 64, 3)
    assert words in caplog.messages[0]


def test_a_size_by_flag_is_taken(tmp_path, caplog):
    write_pictures(tmp_path, 2, size=(64, 48))
    assert form(tmp_path, ReadOptions(28, "pad")) == PictureForm(28, 28, 3, "pad")
    assert "become 28x28 by --fit=pad" in caplog.messages[0]


def test_grey_pictures_become_colour_where_both_occur(tmp_path, caplog):
    write_pictures(tmp_path, 2, mode="L")
    assert form(tmp_path).channels == 1
    picture().save(tmp_path / "c.png")
    assert form(tmp_path).channels == 3
    assert caplog.messages == ["own: 2 of 3 pictures are grey and become RGB"]


def test_a_broken_picture_is_left_out_named_and_counted(tmp_path, caplog):
    write_pictures(tmp_path, 3)
    (tmp_path / "001.png").write_bytes(b"broken")
    found = read_pictures(picture_paths(tmp_path), tmp_path, form(tmp_path))
    assert found.names == ("000.png", "002.png")
    np.testing.assert_array_equal(found.images[1], np.asarray(picture(2)))
    reason = f"{tmp_path / '001.png'} is no picture, or not all of one"
    assert found.left_out == {"001.png": reason}
    assert caplog.messages == [f"1 of 3 pictures are left out: {reason}"]


def test_a_broken_picture_is_an_error_on_demand(tmp_path):
    write_pictures(tmp_path, 3)
    (tmp_path / "001.png").write_bytes(b"broken")
    form = PictureForm(32, 32, 3)
    message = message_of(read_pictures, picture_paths(tmp_path), tmp_path, form, strict=True)
    assert message.startswith(str(tmp_path / "001.png")) and "--strict_data" in message


def test_a_folder_of_broken_pictures_is_refused(tmp_path):
    (tmp_path / "x.png").write_bytes(b"")
    message = message_of(form, tmp_path)
    assert message == "own: none of its 1 pictures can be read"
    message = message_of(read_pictures, [tmp_path / "x.png"], tmp_path, PictureForm(32, 32, 3))
    assert "none of its 1 pictures can be read" in message


@pytest.fixture
def cached(tmp_path, monkeypatch):
    """Reads seven pictures, one broken, through a cache; counts how many were decoded."""
    folder, decoded = write_pictures(tmp_path / "own", 7), []
    (folder / "003.png").write_bytes(b"broken")
    monkeypatch.setattr(image_folder, "_SMALL", 0)
    decode = image_folder.decoded_picture

    def counted(path, form):
        decoded.append(path.name)
        return decode(path, form)

    monkeypatch.setattr(image_folder, "decoded_picture", counted)

    def read(form=FORM, **options):
        decoded.clear()
        paths = picture_paths(folder)
        found = read_pictures(paths, folder, form, cache=tmp_path / "cache", **options)
        return found, len(decoded)

    return read


def test_many_pictures_are_mapped_and_decoded_once(cached):
    (first, count), (second, again) = cached(), cached()
    assert (count, again) == (7, 0)
    assert isinstance(second.images, np.memmap)
    assert second.names == first.names and second.left_out == first.left_out
    expected = [np.asarray(picture(number)) for number in (0, 1, 2, 4, 5, 6)]
    np.testing.assert_array_equal(first.images, expected)
    np.testing.assert_array_equal(second.images, expected)


def test_the_cache_is_made_again_for_other_pictures_or_another_form(cached, tmp_path):
    cached()
    assert cached(PictureForm(28, 28, 3))[1] == 7
    path = tmp_path / "own" / "002.png"
    picture(99).save(path)
    assert cached(PictureForm(28, 28, 3))[1] == 7
    path.unlink()
    assert cached(PictureForm(28, 28, 3))[1] == 6


@pytest.mark.parametrize("name", ["images.npy", "pictures.json"])
def test_a_damaged_cache_is_made_again(cached, tmp_path, name):
    cached()
    path = tmp_path / "cache" / name
    path.write_bytes(path.read_bytes()[:100])
    found, count = cached()
    assert count == 7 and len(found.images) == 6


def test_a_cache_with_a_broken_picture_does_not_pass_a_strict_start(cached):
    cached()
    assert "003.png" in message_of(cached, strict=True)


def test_a_bomb_in_a_folder_is_left_out(tmp_path, monkeypatch):
    write_pictures(tmp_path, 2)
    picture(size=(64, 64)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)
    found = read_pictures(picture_paths(tmp_path), tmp_path, form(tmp_path))
    assert found.left_out == {"bomb.png": f"{tmp_path / 'bomb.png'} has more than 2,000 pixels"}
