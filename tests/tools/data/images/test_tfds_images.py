"""Sets of TensorFlow Datasets, here one that TFDS prepares from pictures made in the test."""

import io

import numpy as np
import pytest

from input_errors import message_of
from picture_folders import picture
from tools.data.images.image_registry import check_dataset_name, load_parts, make_ood_set
from tools.data.images.own_images import Choice
from tools.data.images.preprocessing import FOUND, ReadOptions
from tools.data.images.tfds_images import TfdsName, tfds_name

tfds = pytest.importorskip("tensorflow_datasets")
CHOICE = Choice(3, lambda part: 0)


class BlocksForTest(tfds.core.GeneratorBasedBuilder):
    """Eight pictures of mixed sizes to train on, four to test on."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {"label": tfds.features.Scalar(np.int64), "image": tfds.features.Image()}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(8), "test": self._generate_examples(4)}

    def _generate_examples(self, count):
        for number in range(count):
            content = io.BytesIO()
            picture(number, size=(32 + number, 40)).save(content, "png")
            content.seek(0)
            yield number, {"image": content, "label": 0}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return str(tmp_path_factory.mktemp("data"))


def parts_of(text, data_dir, options=FOUND):
    return load_parts(text, data_dir, options, CHOICE, whole=False, cache=None)


def test_a_set_is_prepared_and_read_in_one_size(data_dir):
    parts = parts_of("tfds:blocks_for_test", data_dir, ReadOptions(32))
    assert parts.train.examples.shape == (8, 32, 32, 3)
    assert parts.test.examples.shape == (3, 32, 32, 3)
    assert parts.train.name == "blocks_for_test"
    assert parts_of("tfds:blocks_for_test", data_dir).train.examples.shape[1:] == (64, 64, 3)


def test_one_split_is_divided(data_dir):
    parts = parts_of("tfds:blocks_for_test:train", data_dir, ReadOptions(32))
    assert (len(parts.train), len(parts.test)) == (7, 1)


def test_it_may_be_an_out_of_distribution_set(data_dir):
    training = parts_of("tfds:blocks_for_test", data_dir, ReadOptions(28)).train
    found = make_ood_set("tfds:blocks_for_test:test[:2]", training, 9, 0, data_dir)
    assert found.examples.shape == (2, 28, 28, 3)


def test_what_cannot_be_had_is_named(data_dir):
    check_dataset_name("train_dataset", "tfds:celeb_a")
    assert "it has no split x" in message_of(parts_of, "tfds:blocks_for_test:x", data_dir)
    message = message_of(parts_of, "tfds:no_such_set", data_dir)
    assert message.startswith("tfds:no_such_set cannot be had: Dataset no_such_set not found")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tfds:dtd", ("dtd", "")),
        ("tfds:dtd:test", ("dtd", "test")),
        ("tfds:lsun/classroom:train[:10%]", ("lsun/classroom", "train[:10%]")),
    ],
)
def test_names_have_a_config_and_a_split(text, parts):
    assert tfds_name(text) == TfdsName(*parts)


@pytest.mark.parametrize("text", ["tfds:", "tfds:../x", "tfds:a:b:c", "tfds:/etc", "tfds:a:[:2]"])
def test_other_texts_are_refused(text):
    assert "write tfds:NAME" in message_of(check_dataset_name, "ood_datasets", text)
