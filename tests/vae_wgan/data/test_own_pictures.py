"""A user's folders as the data of a run: layouts, copies, names, files that tell of them."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from input_errors import message_of
from picture_folders import picture, write_pictures
from tools.data.images.preprocessing import ReadOptions
from tools.run.run_folder import RunFolder
from vae_wgan.data.image_copies import copies_among, without_copies
from vae_wgan.data.image_data import load_experiment_data
from vae_wgan.run.example_files import write_example_files


def load(train, **settings):
    options = ReadOptions(strict=settings.pop("strict", False))
    defaults = {"data_dir": "", "seed": 0, "eval_size": 10, "ood_datasets": (), "test_dataset": ""}
    others = {"strict_data": False, "drop_copies": False, "groups": "", "model_dir": ""}
    others["calibration_size"] = 1000
    values = defaults | others | settings
    return load_experiment_data(
        SimpleNamespace(train_dataset=str(train), read_options=options, **values)
    )


@pytest.fixture
def product(tmp_path):
    """A folder in the layout of MVTec AD."""
    for part, count, start in (("train/good", 20, 0), ("test/good", 5, 20), ("test/cut", 4, 30)):
        write_pictures(tmp_path / "product" / part, count, start=start)
    write_pictures(tmp_path / "product" / "ground_truth" / "cut", 4, mode="L")
    return tmp_path / "product"


def test_each_kind_of_anomaly_is_a_set(product):
    data = load(product)
    assert [part.name for part in data.scored] == ["product", "calibration", "cut"]
    assert [len(part) for part in (data.training, *data.scored)] == [11, 5, 9, 4]
    assert data.test.paths.tolist() == [f"test/good/{n:03d}.png" for n in range(20, 25)]
    assert data.ood[0].paths[0] == "test/cut/030.png"
    np.testing.assert_allclose(data.ood[0].examples[0] * 255, np.asarray(picture(30)), atol=1e-4)


def test_sets_by_flag_come_after_the_kinds(product, tmp_path):
    write_pictures(tmp_path / "others", 3, start=40, size=(48, 40))
    data = load(product, ood_datasets=(str(tmp_path / "others"), "uniform_noise"))
    assert [part.name for part in data.ood] == ["cut", "others", "uniform_noise"]
    assert data.ood[1].examples.shape == (3, 32, 32, 3)


def test_kinds_get_names_of_their_own(product):
    (product / "test/cut").rename(product / "test/product")
    write_pictures(product / "test/bent wire", 2, start=50)
    assert [part.name for part in load(product).ood] == ["bent_wire", "kind_product"]


def test_another_folder_may_be_the_test(tmp_path, product):
    train = write_pictures(tmp_path / "all", 30, start=100)
    data = load(train, test_dataset=str(product / "test"))
    assert [part.name for part in data.scored] == ["all", "calibration", "cut"]
    assert len(data.training) + len(data.calibration) == 30
    assert data.test.paths[0] == "good/020.png"
    plain = load(train, test_dataset=str(product / "test/good"), ood_datasets=("hflip",))
    assert len(plain.test) == 5
    message = message_of(load, train, test_dataset=str(tmp_path / "nowhere"))
    assert message.startswith("--test_dataset=")


def test_without_ood_sets_the_training_pictures_are_ranked(tmp_path):
    data = load(write_pictures(tmp_path / "all", 30), ood_datasets=("none",), eval_size=100)
    assert data.ood == () and len(data.test) == 30
    assert sorted(data.test.ids) == sorted([*data.training.ids, *data.calibration.ids])
    assert "Images that are ranked" in data.protocol


def test_equal_pictures_stay_together(tmp_path):
    folder = write_pictures(tmp_path / "all", 30)
    for number in range(30, 60):
        picture(number - 30).save(folder / f"{number:03d}.png")
    data = load(folder, ood_datasets=("uniform_noise",), eval_size=100)
    parts = [set(part.ids % 30) for part in (data.training, data.calibration, data.test)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 30


@pytest.fixture
def with_copies(product):
    picture(3).save(product / "test/good/021.png")  # of training
    picture(30).save(product / "test/cut/033.png")  # within the set
    return product


def test_copies_are_counted_and_dropped_on_demand(with_copies, caplog):
    caplog.set_level(logging.INFO)
    data = load(with_copies)
    of_training, within = data.image_copies
    assert of_training[:2] == ("product", "test/good/021.png")
    assert within == ("cut", "test/cut/033.png", "cut", "test/cut/030.png", 0.0)
    assert "product: 1 of 5 images are copies, or nearly, of others (copies.csv)" in caplog.messages
    dropped = load(with_copies, drop_copies=True)
    assert [len(part) for part in (dropped.test, *dropped.ood)] == [4, 3]
    assert "test/good/021.png" not in dropped.test.paths


def test_a_test_of_copies_alone_is_refused(with_copies):
    data = load(with_copies)
    copies = copies_among((data.test, data.test))
    assert "leaves nothing of product" in message_of(without_copies, data.test, copies)


def test_files_tell_names_copies_and_what_was_left_out(with_copies, tmp_path):
    (with_copies / "train/good/000.png").write_bytes(b"broken")
    folder = RunFolder(tmp_path / "run")
    write_example_files(folder, load(with_copies))
    names = folder.examples("cut").read_text("utf-8").splitlines()
    assert names[0] == "id,path,copy_of"
    assert names[4] == "3,test/cut/033.png,cut/test/cut/030.png"
    assert "cut,test/cut/033.png,cut,test/cut/030.png,0.00" in (
        (folder.path / "analysis/copies.csv").read_text("utf-8")
    )
    assert "train/good/000.png," in (folder.path / "analysis/left_out.csv").read_text("utf-8")
    write_example_files(folder, load(with_copies, drop_copies=True))
    assert (folder.path / "analysis/copies.csv").exists()
    assert "is no picture" in message_of(load, with_copies, strict=True)
