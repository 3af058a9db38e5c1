"""The zoo: fetched whole and checked, named paths, and clear errors where something is missing."""

import json
import shutil

import numpy as np
import pytest

from anomaly import model_zoo
from anomaly.detectors.sklearn_detector import small_detector
from anomaly.machinery.detector_files import save_detector
from anomaly.model_zoo import INDEX, fetch_detector, write_index, zoo_path
from input_errors import message_of

ROWS = np.random.default_rng(0).random((7, 4), np.float32)
PLACE = ("outlier", "cifar10", "OutlierVAE")


@pytest.fixture(scope="module")
def made_zoo(tmp_path_factory):
    """A zoo of one small detector, and its scores of ROWS."""
    zoo, detector = tmp_path_factory.mktemp("zoo"), small_detector(4, seed=0)
    save_detector(detector, zoo / zoo_path(*PLACE, None))
    write_index(zoo)
    return zoo, detector.score(ROWS)[1]


@pytest.fixture
def zoo(made_zoo, tmp_path):
    """A copy of the zoo that a test may break."""
    return shutil.copytree(made_zoo[0], tmp_path / "zoo")


def change_index(zoo, change):
    index = json.loads((zoo / INDEX).read_text())
    (zoo / INDEX).write_text(json.dumps(change(index)))


@pytest.mark.parametrize("way", ["folder", "address", "variable"])
def test_a_detector_is_fetched_from_a_folder_or_an_address(
    way, zoo, made_zoo, tmp_path, monkeypatch
):
    address = {"folder": zoo, "address": f"{zoo.as_uri()}/", "variable": None}[way]
    monkeypatch.setenv("WAIC_ZOO", str(zoo))
    detector = fetch_detector(tmp_path / "new" / "folder", *PLACE, zoo=address)
    np.testing.assert_array_equal(detector.score(ROWS)[1], made_zoo[1])
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["folder"]


def test_what_is_there_already_is_not_fetched_again(zoo, tmp_path, monkeypatch):
    fetch_detector(tmp_path / "a", *PLACE, zoo=zoo)
    fetched = []
    original = model_zoo.download
    monkeypatch.setattr(
        model_zoo, "download", lambda *args: (fetched.append(args[0]), original(*args))
    )
    fetch_detector(tmp_path / "a", *PLACE, zoo=zoo)
    assert fetched == [f"{zoo.as_uri()}/{INDEX}"]


def test_an_empty_folder_is_filled_and_another_one_is_left_alone(zoo, tmp_path):
    (tmp_path / "empty").mkdir()
    fetch_detector(tmp_path / "empty", *PLACE, zoo=zoo)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("ten years of work")
    message = message_of(fetch_detector, tmp_path / "other", *PLACE, zoo=zoo)
    assert "holds something else" in message
    assert (tmp_path / "other" / "thesis.txt").exists()


def test_a_changed_file_is_named_and_nothing_is_left(zoo, tmp_path):
    path = zoo / "outlier" / "cifar10" / "OutlierVAE" / "detector.json"
    path.write_text(path.read_text() + " ")
    message = message_of(fetch_detector, tmp_path / "a" / "b", *PLACE, zoo=zoo)
    assert path.as_uri() in message
    assert "sha256" in message
    assert list((tmp_path / "a").iterdir()) == []


def test_a_missing_file_is_named(zoo, tmp_path):
    (zoo / "outlier" / "cifar10" / "OutlierVAE" / "detector.json").unlink()
    assert "detector.json cannot be had" in message_of(
        fetch_detector, tmp_path / "a", *PLACE, zoo=zoo
    )


@pytest.mark.parametrize(
    "path", ["outlier/cifar10/OutlierVAE/../../../../evil", "/evil", "a\\..\\evil", "C:/evil"]
)
def test_paths_that_leave_the_zoo_are_refused(path, zoo, tmp_path):
    change_index(zoo, lambda index: index | {path: "0" * 64})
    message = message_of(fetch_detector, tmp_path / "a", *PLACE, zoo=zoo)
    assert f"{INDEX} is no index" in message


@pytest.mark.parametrize("index", [[], {"a": 1}, {"a": "0"}, None])
def test_an_index_of_another_form_is_refused(index, zoo, tmp_path):
    change_index(zoo, lambda _: index)
    assert "is no index" in message_of(fetch_detector, tmp_path / "a", *PLACE, zoo=zoo)
    (zoo / INDEX).write_text("{")
    assert "is no index" in message_of(fetch_detector, tmp_path / "a", *PLACE, zoo=zoo)


def test_what_the_zoo_lacks_can_be_trained(zoo, tmp_path):
    message = message_of(
        fetch_detector, tmp_path / "a", "adversarial", "mnist", "AdversarialAE", "cnn", zoo=zoo
    )
    assert "does not have adversarial/mnist/cnn/AdversarialAE" in message
    assert "scripts/train_zoo.py --zoo=FOLDER --detectors=AdversarialAE" in message
    nowhere = message_of(fetch_detector, tmp_path / "a", *PLACE, zoo=tmp_path / "none")
    assert "none/index.json cannot be had: [Errno 2]" in nowhere
    assert "scripts/train_zoo.py --zoo=FOLDER --detectors=OutlierVAE" in nowhere
    # A name that only begins like one that is there is another one.
    assert "does not have" in message_of(
        fetch_detector, tmp_path / "a", "outlier", "cifar10", "Outlier", zoo=zoo
    )


def test_without_a_zoo_the_ways_to_one_are_named(tmp_path, monkeypatch):
    monkeypatch.delenv("WAIC_ZOO", raising=False)
    message = message_of(fetch_detector, tmp_path / "a", *PLACE)
    for words in ("zoo=", "WAIC_ZOO", "scripts/train_zoo.py"):
        assert words in message


def test_addresses_other_than_https_and_file_are_refused(tmp_path):
    for address in ("http://example.org/zoo", "ftp://example.org"):
        assert address in message_of(fetch_detector, tmp_path / "a", *PLACE, zoo=address)


def test_the_arguments_are_checked(tmp_path):
    with pytest.raises(ValueError, match="detector_type"):
        fetch_detector(tmp_path, "od", "cifar10", "OutlierVAE", zoo=tmp_path)
    with pytest.raises(ValueError, match="model"):
        fetch_detector(tmp_path, "adversarial", "mnist", "AdversarialAE", zoo=tmp_path)
