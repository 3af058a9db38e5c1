"""One picture file as an array of bytes: size and colour from its header, then its pixels."""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tools.data.images.preprocessing import FITS
from tools.errors import InputError
from tools.files.readers import reading

# Pillow's formats that are read, by content; others run programs (EPS), need handlers or are films.
FORMATS = (
    *("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000"),
    *("PPM", "TGA", "ICO", "PCX", "SGI", "DIB", "PSD"),
)
SUFFIXES = frozenset(
    (
        *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".tif", ".tiff"),
        *(".bmp", ".dib", ".gif", ".avif", ".avifs", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm"),
        *(".pbm", ".pnm", ".tga", ".ico", ".pcx", ".sgi", ".psd"),
    )
)
_GREY_MODES = ("1", "L", "LA", "La", "I", "F")
_WHITE = 255
_TURNED = (5, 6, 7, 8)  # EXIF orientations that swap width and height
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class PictureForm:
    """The shape that pictures are brought to.

    Attributes:
        height: Pixels.
        width: Pixels.
        channels: 1: grey, 3: red, green, blue.
        fit: How another aspect ratio is met. stretch: the whole picture fills the form; crop: its
            middle part does; pad: the whole picture stands on white.
    """

    height: int
    width: int
    channels: int
    fit: str = FITS[0]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return self.height, self.width, self.channels


def form_of_shape(shape: Sequence[int], fit: str) -> PictureForm:
    """The form of images of a shape: height, width, channels."""
    height, width, channels = shape
    return PictureForm(height, width, channels, fit)


@dataclass(frozen=True)
class PictureFacts:
    """What a picture's header says, after its EXIF orientation.

    Attributes:
        height: Pixels.
        width: Pixels.
        is_grey: Whether it has no colours.
    """

    height: int
    width: int
    is_grey: bool


@contextmanager
def bombs_refused() -> Iterator[None]:
    """Context in which pictures of more than 89 million pixels are refused, not warned about.

    The filters of warnings belong to the whole process, so enter it before threads start.
    """
    _known_formats()  # loads them, which threads must not do
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module=r"PIL\.", category=UserWarning)  # of odd metadata
        yield


def picture_facts(path: Path) -> PictureFacts:
    """Size and colour of a picture; its pixels are not decoded.

    Raises:
        InputError: The file is no picture, damaged, or too large.
    """
    with _opened(path, str(path)) as picture:
        width, height = picture.size
        if picture.getexif().get(_ORIENTATION) in _TURNED:
            width, height = height, width
        return PictureFacts(height, width, _is_grey(picture))


def decoded_picture(path: Path, form: PictureForm) -> np.ndarray:
    """The pixels of a picture in a form: uint8 [height, width, channel].

    Transparent parts become white, 16 bits a channel become 8, and of an animation the first frame
    is taken. A picture of the form's size keeps its pixels; others are resized without aliasing.

    Raises:
        InputError: The file is no picture, damaged, or too large.
    """
    return _decoded(path, str(path), form)


def decoded_content(content: bytes, form: PictureForm, name: str) -> np.ndarray:
    """As `decoded_picture`, from the bytes of a file; `name` stands for it in messages."""
    return _decoded(io.BytesIO(content), name, form)


def _decoded(source: Path | io.BytesIO, name: str, form: PictureForm) -> np.ndarray:
    with _opened(source, name) as picture:
        # A JPEG is decoded at a half, a quarter or an eighth where twice the form is left of it.
        picture.draft(None, (2 * form.width, 2 * form.height))
        upright = ImageOps.exif_transpose(picture)
        return as_form(_plain(upright), form)


def as_form(picture: Image.Image, form: PictureForm) -> np.ndarray:
    """A grey or RGB picture in a form: uint8 [height, width, channel]."""
    picture = picture.convert("L" if form.channels == 1 else "RGB")
    size = (form.width, form.height)
    if picture.size != size:
        if form.fit == "pad":
            white = (_WHITE,) * form.channels if form.channels > 1 else _WHITE
            picture = ImageOps.pad(picture, size, Image.Resampling.BICUBIC, color=white)
        elif form.fit == "crop":
            picture = ImageOps.fit(picture, size, Image.Resampling.BICUBIC)
        else:
            picture = picture.resize(size, Image.Resampling.BICUBIC)
    return np.asarray(picture).reshape(form.shape)


@contextmanager
def _opened(source: Path | io.BytesIO, name: str) -> Iterator[Image.Image]:
    """The picture of a file or its bytes; whatever a damaged one raises becomes an InputError."""
    try:
        # Decoders raise many types: struct.error, IndexError, OverflowError and others.
        with (
            reading(Path(name), Exception),
            Image.open(source, formats=_known_formats()) as picture,
        ):
            yield picture
    except InputError as error:
        if isinstance(error.__cause__, UnidentifiedImageError):
            raise InputError(f"{name} is no picture, or not all of one") from error
        if isinstance(
            error.__cause__, Image.DecompressionBombWarning | Image.DecompressionBombError
        ):
            raise InputError(f"{name} has more than {Image.MAX_IMAGE_PIXELS:,} pixels") from error
        raise


@functools.cache
def _known_formats() -> list[str]:
    """The formats that this Pillow was built with."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _is_grey(picture: Image.Image) -> bool:
    if picture.mode in ("P", "PA"):
        colours = np.array(picture.getpalette("RGB")).reshape(-1, 3)
        return bool((colours == colours[:, :1]).all())
    return picture.mode in _GREY_MODES or picture.mode.startswith("I;16")


def _plain(picture: Image.Image) -> Image.Image:
    """The picture in 8 bits a channel, grey or RGB, on white where it is transparent."""
    is_grey = _is_grey(picture)
    if picture.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(picture)))
    if picture.has_transparency_data:
        coloured = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, coloured)
    return picture.convert("L" if is_grey else "RGB")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Grey values of 16 bits, or floats up to 1 or up to 255, as uint8."""
    low, high = values.min(), values.max()
    largest = 65535 if values.dtype.kind != "f" else 1 if high <= 1 else 255
    if not (low >= 0 and high <= largest):  # NaN too
        raise InputError(f"its grey values go from {low:.8g} to {high:.8g}; save it with 8 bits")
    return np.rint(values * (255 / largest)).astype(np.uint8)
