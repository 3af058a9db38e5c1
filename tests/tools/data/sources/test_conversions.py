"""Published files become the arrays that runs read."""

import gzip
import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from input_errors import message_of
from tools.data.sources.conversions import (
    cifar10_arrays,
    cifar_arrays,
    emnist_letters_arrays,
    omniglot_images,
    tiny_imagenet_arrays,
)


def omniglot_zip(path, drawings):
    """A zip like the official ones: 1-bit png files of 105x105, black on white."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/", "")
        archive.writestr(f"__MACOSX/{path.stem}/Greek/character01/._1_01.png", "no png")
        for name, black in reversed(drawings.items()):
            png = io.BytesIO()
            Image.fromarray(np.where(black, 0, 255).astype(np.uint8)).convert("1").save(png, "PNG")
            archive.writestr(f"{path.stem}/{name}", png.getvalue())


def test_omniglot_is_inverted_averaged_and_shuffled(tmp_path):
    rng = np.random.default_rng(0)
    names = ["Futurama/character02/9_20.png", "Greek/character01/1_01.png"]
    drawings = {name: rng.random((105, 105)) < 0.3 for name in names}
    paths = [tmp_path / "images_background.zip", tmp_path / "images_evaluation.zip"]
    omniglot_zip(paths[0], drawings)
    omniglot_zip(paths[1], {"Angelic/character01/5_01.png": np.ones((105, 105))})
    images = omniglot_images(paths)
    assert images.shape == (3, 28, 28, 1)
    assert images.dtype == np.uint8
    order = [2, 1, 0]  # RandomState(0).permutation(3): Angelic, Greek, Futurama
    averages = [*(box_average(255.0 * black) for black in drawings.values()), 255.0]
    for image, source in zip(images, order, strict=True):
        np.testing.assert_allclose(image[..., 0], averages[source], atol=1)


def box_average(image: np.ndarray) -> np.ndarray:
    """105x105 to 28x28: the mean of the pixels whose centre lies in the new pixel's box."""
    box_of_pixel = np.ceil((np.arange(105) + 0.5) / 3.75) - 1
    inside = box_of_pixel == np.arange(28)[:, np.newaxis]  # [new pixel, pixel]
    weights = inside / inside.sum(axis=1, keepdims=True)
    return weights @ image @ weights.T


@pytest.mark.parametrize("labels", [b"[1, 2", b"[300]", b"[{}]", b"[" * 100_000, b"7"])
def test_a_package_with_damaged_labels_is_named(labels, tmp_path):
    Image.new("RGB", (1024, 1)).save(tmp_path / "x.png")
    (tmp_path / "x.json").write_bytes(labels)
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.add(tmp_path / "x.png", "package/test_batch.png")
        archive.add(tmp_path / "x.json", "package/test_lables.json")
    with tarfile.open(tmp_path / "x.tar") as archive:
        message = message_of(cifar10_arrays, archive, "cifar10_test.npz")
    assert message.startswith("cifar10_test.npz cannot be read")


def test_a_zip_without_drawings_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("other/x.png", b"")
    assert "has no drawings" in message_of(omniglot_images, [tmp_path / "images.zip"])


def records(images, *labels):
    """The binary form of CIFAR: labels, then all red, all green, all blue bytes of an image."""
    planes = np.moveaxis(images, -1, 1).reshape(len(images), -1)
    return np.concatenate([*(np.array(one, np.uint8)[:, None] for one in labels), planes], axis=1)


def test_the_binary_archive_of_cifar_becomes_images_and_labels(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
    path = tmp_path / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        parts = {f"cifar-10-batches-bin/data_batch_{n + 1}.bin": n for n in range(5)}
        contents = {name: records(images[[n]], [n]) for name, n in parts.items()}
        contents["cifar-100-binary/test.bin"] = records(images, [9] * 5, range(5))
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = content.size
            archive.addfile(info, io.BytesIO(content.tobytes()))
    for name in ("cifar10_train.npz", "cifar100_test.npz"):
        arrays = cifar_arrays(path, name)
        np.testing.assert_array_equal(arrays["x"], images)
        np.testing.assert_array_equal(arrays["y"], range(5))
    assert "does not have" in message_of(cifar_arrays, path, "cifar10_test.npz")


def test_emnist_letters_become_upright_and_are_shuffled(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 28, 28), np.uint8)
    headers = {"images-idx3": b"\3\0\0\0\6\0\0\0\x1c\0\0\0\x1c", "labels-idx1": b"\1\0\0\0\6"}
    contents = {"images-idx3": images.transpose(0, 2, 1).tobytes(), "labels-idx1": bytes(range(6))}
    with zipfile.ZipFile(tmp_path / "gzip.zip", "w") as archive:
        for part, content in contents.items():
            idx = gzip.compress(b"\0\0\x08" + headers[part] + content)
            archive.writestr(f"gzip/emnist-letters-test-{part}-ubyte.gz", idx)
    arrays = emnist_letters_arrays(tmp_path / "gzip.zip", "x.npz")
    order = np.random.RandomState(0).permutation(6)
    np.testing.assert_array_equal(arrays["y"], order)
    np.testing.assert_array_equal(arrays["x"][..., 0], images[order])


def test_tiny_imagenet_is_halved_in_the_order_of_its_annotations(tmp_path):
    folder = "tiny-imagenet-200"
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(f"{folder}/wnids.txt", "n02\nn01\n")
        lines = "b.JPEG\tn02\t0\t0\t9\t9\na.JPEG\tn01\t0\t0\t9\t9\n"
        archive.writestr(f"{folder}/val/val_annotations.txt", lines)
        for name, value in (("a", 40), ("b", 200)):
            content = io.BytesIO()
            Image.new("L", (64, 64), value).save(content, "jpeg")
            archive.writestr(f"{folder}/val/images/{name}.JPEG", content.getvalue())
    arrays = tiny_imagenet_arrays(tmp_path / "x.zip", "x.npz")
    assert arrays["x"].shape == (2, 32, 32, 3)
    np.testing.assert_array_equal(arrays["y"], [1, 0])
    assert arrays["x"][0, 0, 0].tolist() == [200] * 3 and arrays["x"][1, 0, 0].tolist() == [40] * 3
