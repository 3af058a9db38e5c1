"""Picture files of every kind become bytes of one form, or are refused by name."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from input_errors import message_of
from picture_folders import picture
from tools.data.images.picture_files import (
    PictureFacts,
    PictureForm,
    bombs_refused,
    decoded_picture,
    form_of_shape,
    picture_facts,
)

FORM = PictureForm(32, 32, 3)


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "gif", "ppm", "tga", "pcx", "webp"])
def test_formats_without_loss_keep_their_pixels(tmp_path, ending):
    path, options = tmp_path / f"x.{ending}", {"lossless": True} if ending == "webp" else {}
    picture().save(path, **options)
    np.testing.assert_array_equal(decoded_picture(path, FORM), np.asarray(picture()))
    assert picture_facts(path) == PictureFacts(32, 32, is_grey=False)


@pytest.mark.parametrize("ending", ["jpg", "jp2", "avif", "ico"])
def test_other_formats_are_near(tmp_path, ending):
    picture().save(tmp_path / f"x.{ending}")
    found = decoded_picture(tmp_path / f"x.{ending}", FORM)
    assert np.abs(found.astype(int) - np.asarray(picture())).mean() < 12


def test_content_decides_and_not_the_ending(tmp_path):
    picture().save(tmp_path / "x.jpg", format="png")
    np.testing.assert_array_equal(decoded_picture(tmp_path / "x.jpg", FORM), np.asarray(picture()))


def test_transparent_parts_become_white(tmp_path):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[16:, :, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "x.png")
    found = decoded_picture(tmp_path / "x.png", FORM)
    assert (found[:16] == 255).all() and (found[16:] == 0).all()


def test_a_transparent_colour_of_a_palette_becomes_white(tmp_path):
    Image.new("RGB", (32, 32)).convert("P").save(tmp_path / "x.png", transparency=0)
    assert (decoded_picture(tmp_path / "x.png", FORM) == 255).all()


def test_sixteen_bits_become_eight(tmp_path):
    values = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    for ending in ("png", "tif"):
        Image.fromarray(values).save(tmp_path / f"x.{ending}")
        found = decoded_picture(tmp_path / f"x.{ending}", PictureForm(32, 32, 1))
        np.testing.assert_array_equal(found[..., 0], np.rint(values / 257))
        assert picture_facts(tmp_path / f"x.{ending}").is_grey


@pytest.mark.parametrize(("values", "expected"), [([0, 0.5, 1], 128), ([0, 100, 200], 100)])
def test_floats_are_up_to_one_or_up_to_255(tmp_path, values, expected):
    Image.fromarray(np.full((28, 3), values, np.float32)).save(tmp_path / "x.tif")
    assert decoded_picture(tmp_path / "x.tif", PictureForm(28, 3, 1))[0, 1, 0] == expected


def test_floats_of_another_range_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), -3.0, np.float32)).save(tmp_path / "x.tif")
    message = message_of(decoded_picture, tmp_path / "x.tif", FORM)
    assert f"{tmp_path / 'x.tif'} cannot be read: its grey values go from -3 to -3" in message


def test_a_picture_stands_upright_by_its_exif_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    picture(size=(48, 32)).save(tmp_path / "x.png", exif=exif)
    assert picture_facts(tmp_path / "x.png") == PictureFacts(48, 32, is_grey=False)
    upright = np.rot90(np.asarray(picture(size=(48, 32))), -1)
    np.testing.assert_array_equal(
        decoded_picture(tmp_path / "x.png", PictureForm(48, 32, 3)), upright
    )


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [picture(number) for number in range(3)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(decoded_picture(tmp_path / "x.gif", FORM), np.asarray(frames[0]))


@pytest.mark.parametrize(
    ("mode", "is_grey"), [("1", True), ("L", True), ("LA", True), ("P", False)]
)
def test_a_picture_is_grey_where_it_has_no_colours(tmp_path, mode, is_grey):
    picture(mode=mode).save(tmp_path / "x.png")
    assert picture_facts(tmp_path / "x.png").is_grey == is_grey


def test_grey_and_colour_become_one_another(tmp_path):
    picture(mode="L").save(tmp_path / "grey.png")
    grey, colour = (decoded_picture(tmp_path / "grey.png", PictureForm(32, 32, n)) for n in (1, 3))
    np.testing.assert_array_equal(colour, np.repeat(grey, 3, axis=-1))


def test_a_picture_is_stretched_cropped_or_padded(tmp_path):
    pixels = np.zeros((40, 80), np.uint8)
    pixels[:, :20] = pixels[:, -20:] = 100  # what a crop leaves out
    Image.fromarray(pixels).save(tmp_path / "x.png")
    cropped = decoded_picture(tmp_path / "x.png", PictureForm(40, 40, 1, "crop"))
    assert (cropped == 0).all()
    padded = decoded_picture(tmp_path / "x.png", PictureForm(40, 40, 1, "pad"))
    assert (padded[:10] == 255).all() and (padded[-10:] == 255).all()
    assert padded[20, 2, 0] == 100 and padded[20, 20, 0] == 0
    whole = decoded_picture(tmp_path / "x.png", PictureForm(40, 40, 1))
    assert (whole[:, :8] == 100).all() and (whole[:, -8:] == 100).all() and whole[20, 20, 0] == 0


def test_smaller_pictures_have_no_aliases(tmp_path):
    stripes = np.zeros((256, 256), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "x.png")
    found = decoded_picture(tmp_path / "x.png", PictureForm(36, 36, 1))
    assert np.abs(found.astype(int) - 127).max() < 10


def test_a_large_jpeg_is_about_what_resizing_all_of_it_gives(tmp_path):
    picture(size=(512, 512)).save(tmp_path / "x.jpg")
    whole = np.asarray(picture(size=(512, 512)).resize((32, 32), Image.Resampling.BICUBIC))
    found = decoded_picture(tmp_path / "x.jpg", FORM)
    assert np.abs(found.astype(int) - whole).mean() < 4


# Hostile and broken files


def png_that_claims(width, height):
    """A png of one row whose header claims another size."""

    def chunk(kind, content):
        return (
            struct.pack(">I", len(content)) + kind + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )  # fmt: skip

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(32_000, 32_000), (10_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path, size):
    (tmp_path / "x.png").write_bytes(png_that_claims(*size))
    with bombs_refused():
        for read in (picture_facts, lambda path: decoded_picture(path, FORM)):
            message = message_of(read, tmp_path / "x.png")
            assert message == f"{tmp_path / 'x.png'} has more than 89,478,485 pixels"


@pytest.mark.parametrize("content", [b"", b"x", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"GIF89a"])
def test_what_is_no_picture_is_named(tmp_path, content):
    (tmp_path / "x.png").write_bytes(content)
    assert str(tmp_path / "x.png") in message_of(decoded_picture, tmp_path / "x.png", FORM)


def test_no_format_is_read_that_starts_a_program(tmp_path):
    picture().save(tmp_path / "x.eps")
    assert "is no picture" in message_of(decoded_picture, tmp_path / "x.eps", FORM)


def test_a_cut_off_picture_is_named(tmp_path):
    picture().save(tmp_path / "x.png")
    content = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(content[: len(content) // 2])
    assert f"{tmp_path / 'x.png'} " in message_of(decoded_picture, tmp_path / "x.png", FORM)


def test_a_form_has_the_shape_it_was_made_of():
    assert form_of_shape((28, 32, 1), "pad") == PictureForm(28, 32, 1, "pad")
    assert form_of_shape((28, 32, 1), "pad").shape == (28, 32, 1)
