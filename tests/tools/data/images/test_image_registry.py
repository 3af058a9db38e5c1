"""Names of image sets, loading named and own ones, and choosing what is evaluated."""

import hashlib
import logging

import numpy as np
import pytest
from PIL import Image

from input_errors import message_of
from tools.data.example_set import ExampleSet, choose_rows
from tools.data.images.image_datasets import ImageDataset
from tools.data.images.image_registry import (
    DERIVED,
    IMAGE_DATASETS,
    check_dataset_name,
    default_ood_names,
    load_images,
    load_labels,
    make_ood_set,
)
from tools.data.images.own_images import own_set
from tools.data.images.picture_files import form_of_shape
from tools.data.images.preprocessing import FOUND
from tools.data.sources.obtain import DataFile

COLOUR = np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), np.uint8)


@pytest.fixture
def colour_set(tmp_path, monkeypatch):
    """A data set of another shape, as one is added to the registry, and its data_dir."""
    np.savez(tmp_path / "colour_test.npz", x=COLOUR)
    sha256 = hashlib.sha256(COLOUR.tobytes()).hexdigest()
    dataset = ImageDataset((32, 32, 3), {"test": DataFile("colour_test.npz", sha256)})
    monkeypatch.setitem(IMAGE_DATASETS, "colour", dataset)
    return tmp_path


@pytest.fixture
def grey_images():
    images = np.random.default_rng(1).random((20, 28, 28, 1), np.float32)
    return ExampleSet("grey", images, np.arange(100, 120), "abc")


def test_all_named_sets_of_the_shape_and_the_derived_ones_are_the_default(colour_set):
    derived = ("hflip", "vflip", "uniform_noise", "normal_noise", "truncated_normal_noise")
    grey = ("mnist", "fashion_mnist", "notmnist", "omniglot", "emnist_letters")
    colour = ("cifar10", "celeba", "svhn", "imagenet", "colour")
    assert default_ood_names("mnist", (28, 28, 1)) == (*grey[1:], *derived)
    assert default_ood_names("some/path.npz", [28, 28, 1]) == (*grey, *derived)
    assert default_ood_names("mnist", (32, 32, 3)) == (*colour, *derived)


def test_known_names_and_existing_paths_pass_as_flags(tmp_path):
    for value in (*IMAGE_DATASETS, *DERIVED, str(tmp_path)):
        check_dataset_name("ood_datasets", value)
    for value in ("mnist", "fashion_mnist", str(tmp_path)):
        check_dataset_name("train_dataset", value, split="train")


@pytest.mark.parametrize("value", ["mnits", "", "no/such.npz", "a" * 5000, "\0", "~nobody-here"])
def test_an_unknown_name_is_refused_with_flag_and_known_names(value):
    message = message_of(check_dataset_name, "ood_datasets", value)
    assert f"--ood_datasets={value}:" in message
    assert all(name in message for name in (*IMAGE_DATASETS, *DERIVED))


@pytest.mark.parametrize("value", ["notmnist", "hflip"])
def test_a_set_without_training_images_is_refused_even_where_a_file_has_its_name(
    value, tmp_path, monkeypatch
):
    (tmp_path / value).mkdir()
    monkeypatch.chdir(tmp_path)
    message = message_of(check_dataset_name, "train_dataset", value, "train")
    assert "known are mnist, fashion_mnist, kmnist, cifar10, cifar100, svhn, and tfds:" in message


def test_a_named_set_is_loaded_and_checked(colour_set):
    loaded = load_images("colour", "test", str(colour_set))
    assert loaded.name == "colour"
    assert loaded.examples.dtype == np.float32
    np.testing.assert_allclose(loaded.examples * 255, COLOUR, rtol=1e-6)
    np.testing.assert_array_equal(loaded.ids, np.arange(30))
    assert loaded.ids.dtype == np.int64
    assert loaded.checksum == hashlib.sha256(COLOUR.tobytes()).hexdigest()
    assert [path.name for path in colour_set.iterdir()] == ["colour_test.npz"]


def test_a_file_with_wrong_content_is_named_and_stays(colour_set):
    path = colour_set / "colour_test.npz"
    np.savez(path, x=COLOUR[::-1])
    message = message_of(load_images, "colour", "test", colour_set)
    assert f"{path} has the wrong content" in message
    assert "move the file away" in message
    assert path.exists()


def test_a_missing_split_and_an_unknown_name_are_errors(colour_set):
    assert "colour has no train images" in message_of(load_images, "colour", "train", colour_set)
    assert "mnits: no known data set" in message_of(load_images, "mnits", "test", colour_set)


def test_a_set_without_a_source_says_which_file_to_put_where(tmp_path):
    message = message_of(load_images, "celeba", "test", tmp_path)
    assert f"put {tmp_path / 'celeba_32x32.npz'} there yourself" in message
    assert list(tmp_path.iterdir()) == []


def test_a_tenth_of_own_undivided_data_is_held_out(tmp_path):
    path = tmp_path / "own.npy"
    np.save(path, np.arange(50, dtype=np.uint8)[:, None, None] * np.ones((4, 4), np.uint8))
    train, test = (load_images(path, split, tmp_path) for split in ("train", "test"))
    assert (train.name, len(train.ids), len(test.ids)) == ("own", 45, 5)
    assert sorted([*train.ids, *test.ids]) == list(range(50))
    assert train.checksum == test.checksum
    for part in (train, test):
        assert (np.diff(part.ids) > 0).all()
        np.testing.assert_allclose(part.examples[:, 0, 0, 0] * 255, part.ids, rtol=1e-6)
    np.testing.assert_array_equal(test.ids, load_images(str(path), "test", tmp_path).ids)


def test_own_data_with_a_test_part_keep_it(tmp_path):
    arrays = {"x_train": np.zeros((8, 4, 4)), "x_test": np.ones((3, 4, 4)), "x": np.zeros(1)}
    np.savez(tmp_path / "own.npz", **arrays)
    values = {"train": 0, "test": 1}
    for split, value in values.items():
        (tmp_path / "own" / split).mkdir(parents=True)
        picture = np.full((4, 4), 255 * value, np.uint8)
        Image.fromarray(picture).save(tmp_path / "own" / split / "1.png")
    for path in (tmp_path / "own.npz", tmp_path / "own"):
        for split, value in values.items():
            example_set = load_images(path, split, tmp_path)
            assert example_set.examples.min() == example_set.examples.max() == value
            assert example_set.ids[-1] == len(example_set.examples) - 1
    form = form_of_shape((4, 4, 1), "crop")
    assert len(own_set(tmp_path / "own.npz", form, FOUND)) == 3


def test_the_range_of_an_arrays_numbers_is_known_but_not_of_bytes(tmp_path):
    bytes_ = np.arange(0, 256, 4, dtype=np.uint8).reshape(4, 4, 4)
    for pixels, found in ((bytes_, None), (bytes_.astype(float), (0, 255))):
        np.save(tmp_path / "own.npy", pixels)
        own = own_set(tmp_path / "own.npy", form_of_shape((4, 4, 1), "crop"), FOUND)
        assert own.value_range == found


def test_the_checksum_of_own_data_depends_on_their_pixels_only(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 4), np.uint8)
    np.savez(tmp_path / "a.npz", x=pixels)
    np.savez_compressed(tmp_path / "b.npz", pictures=pixels)
    np.save(tmp_path / "c.npy", 255 - pixels)
    a, b, c = (load_images(tmp_path / name, "test", "") for name in ("a.npz", "b.npz", "c.npy"))
    assert a.checksum == b.checksum != c.checksum


def test_own_data_that_cannot_be_used_are_named(tmp_path):
    np.savez(tmp_path / "two.npz", images=np.zeros((1, 2, 2)), labels=[1])
    np.savez(tmp_path / "none.npz")
    np.save(tmp_path / "one.npy", np.zeros((1, 2, 2)))
    (tmp_path / "a.txt").write_text("")
    messages = {
        path.name: message_of(load_images, path, "train", "") for path in tmp_path.iterdir()
    }
    assert all(str(tmp_path / name) in message for name, message in messages.items())
    assert "the arrays images, labels; call the images x" in messages["two.npz"]
    assert "(none)" in messages["none.npz"]
    assert "one image; at least two" in messages["one.npy"]
    assert "no .npz or .npy file and no folder" in messages["a.txt"]


def test_a_choice_is_seeded_ascending_and_without_replacement(grey_images):
    chosen = choose_rows(grey_images, 7, seed=3)
    assert (np.diff(chosen.ids) > 0).all()
    np.testing.assert_array_equal(chosen.examples, grey_images.examples[chosen.ids - 100])
    np.testing.assert_array_equal(chosen.ids, choose_rows(grey_images, 7, seed=3).ids)
    assert list(chosen.ids) != list(choose_rows(grey_images, 7, seed=4).ids)
    assert (chosen.name, chosen.checksum) == ("grey", "abc")
    for size in (20, 21):
        np.testing.assert_array_equal(choose_rows(grey_images, size, 0).ids, grey_images.ids)


def test_flips_keep_the_rows_of_the_originals(grey_images):
    flipped = make_ood_set("hflip", grey_images, size=5, seed=0, data_dir="")
    np.testing.assert_array_equal(flipped.examples, grey_images.examples[:, :, ::-1])
    np.testing.assert_array_equal(flipped.ids, grey_images.ids)
    assert (flipped.name, flipped.checksum) == ("hflip", "abc")


@pytest.mark.parametrize("name", ["uniform_noise", "normal_noise", "truncated_normal_noise"])
def test_noise_has_the_shape_of_the_images_and_the_size_asked_for(name, grey_images):
    noise, again, other = (make_ood_set(name, grey_images, 6, seed, "") for seed in (1, 1, 2))
    assert noise.examples.shape == (6, 28, 28, 1)
    np.testing.assert_array_equal(noise.ids, np.arange(6))
    np.testing.assert_array_equal(noise.examples, again.examples)
    assert noise.checksum == again.checksum != other.checksum


def test_own_and_named_sets_are_chosen_from(grey_images, colour_set):
    np.save(colour_set / "own.npy", np.zeros((9, 28, 28), bool))
    own = make_ood_set(colour_set / "own.npy", grey_images, size=10, seed=0, data_dir="")
    np.testing.assert_array_equal(own.ids, np.arange(9))
    in_distribution = load_images("colour", "test", colour_set)
    colour = make_ood_set("colour", in_distribution, size=4, seed=0, data_dir=colour_set)
    np.testing.assert_array_equal(colour.examples, in_distribution.examples[colour.ids])
    assert len(colour.ids) == 4


def test_a_set_of_another_shape_gets_that_of_the_training_images(grey_images, colour_set, caplog):
    caplog.set_level(logging.INFO)
    made = make_ood_set("colour", grey_images, 4, 0, colour_set)
    assert made.examples.shape == (4, 28, 28, 1)
    assert caplog.messages == ["colour: 32x32x3 images become 28x28x1"]
    original = load_images("colour", "test", colour_set).examples[made.ids]
    np.testing.assert_allclose(made.examples.mean(), original.mean(), atol=0.01)


@pytest.mark.parametrize("name", IMAGE_DATASETS)
def test_the_real_sets_load(name, shared_data):
    dataset = IMAGE_DATASETS[name]
    for split in dataset.files:
        file = dataset.file(split, shared_data)
        if not (shared_data / file.path).exists():
            pytest.skip(f"{file.path} is not there")
        example_set = load_images(name, split, shared_data)
        assert example_set.examples.shape == (len(example_set.ids), *dataset.image_shape)
        assert example_set.examples.min() == 0
        assert example_set.examples.max() == 1
        assert example_set.checksum == file.sha256


def test_mnist_begins_with_a_five(shared_data):
    images = load_images("mnist", "train", shared_data).examples
    assert images.shape == (60_000, 28, 28, 1)
    np.testing.assert_allclose(images[0, 5, 12:16, 0] * 255, [3, 18, 18, 18], rtol=1e-6)


@pytest.mark.parametrize("name", [n for n, dataset in IMAGE_DATASETS.items() if dataset.labels])
def test_labels_belong_to_the_images(name, shared_data):
    if not all((shared_data / file.path).exists() for file in IMAGE_DATASETS[name].files.values()):
        pytest.skip(f"not all of {name} is there")
    for split in ("train", "test"):
        labels = load_labels(name, split, shared_data)
        images = load_images(name, split, shared_data).examples
        assert labels.dtype == np.int64
        assert len(labels) == len(images)
        # As many of each of ten classes, about.
        assert np.bincount(labels, minlength=10).min() > 0.85 * len(labels) / 10
        # A class's mean image of one half is nearest to that of the same class in the other.
        halves = [
            np.stack([images[h::2][labels[h::2] == k].mean(axis=0).ravel() for k in range(10)])
            for h in (0, 1)
        ]
        distances = np.linalg.norm(halves[0][:, None] - halves[1], axis=-1)
        np.testing.assert_array_equal(distances.argmin(axis=1), range(10))


def test_labels_that_nobody_has_are_an_error(tmp_path):
    for name in ("notmnist", "mnits"):
        message = message_of(load_labels, name, "test", tmp_path)
        assert f"{name} has no test labels" in message
        assert "known are those of mnist, fashion_mnist, cifar10, cifar100" in message
