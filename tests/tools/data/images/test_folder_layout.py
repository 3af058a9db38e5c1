"""Layouts of folders: what trains, what is tested, and which pictures are anomalies."""

import logging

import pytest

from input_errors import message_of
from tools.data.images.folder_layout import all_pictures, folder_layout


@pytest.fixture
def layout(tmp_path, caplog):
    """From names of files to the names by what they are for."""
    caplog.set_level(logging.INFO)

    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        found = folder_layout(tmp_path)

        def short(paths):
            return [path.relative_to(tmp_path).as_posix() for path in paths]

        kinds = {kind: short(paths) for kind, paths in found.kinds.items()}
        return short(found.train), short(found.test), kinds

    return make


def test_that_of_mvtec_ad_is_known(layout, caplog, tmp_path):
    names = ("train/good/0.png", "test/good/1.png", "test/cut/2.png", "test/bent wire/3.png")
    masks = ("ground_truth/cut/2_mask.png",)
    assert layout(*names, *masks) == (
        ["train/good/0.png"],
        ["test/good/1.png"],
        {"bent wire": ["test/bent wire/3.png"], "cut": ["test/cut/2.png"]},
    )
    assert caplog.messages == [
        f"{tmp_path.name}: train/good is normal; kinds of anomalies: bent wire (1), cut (1)"
    ]
    assert len(all_pictures(tmp_path)) == 3


def test_other_names_of_normal_pictures_do_too(layout):
    names = ("train/NORMAL/0.png", "train/SICK/1.png", "test/NORMAL/2.png", "test/SICK/3.png")
    assert layout(*names) == (
        ["train/NORMAL/0.png"],
        ["test/NORMAL/2.png"],
        {"SICK": ["test/SICK/3.png"]},
    )


def test_the_only_training_class_is_the_normal_one(layout):
    assert layout("train/bolt/0.png", "test/bolt/1.png", "test/nut/2.png") == (
        ["train/bolt/0.png"],
        ["test/bolt/1.png"],
        {"nut": ["test/nut/2.png"]},
    )


def test_training_pictures_in_no_folder_are_normal(layout):
    assert layout("train/0.png", "test/good/1.png", "test/bad/2.png") == (
        ["train/0.png"],
        ["test/good/1.png"],
        {"bad": ["test/bad/2.png"]},
    )


def test_train_and_test_alone_are_normal(layout):
    assert layout("train/a/0.png", "train/b/1.png", "test/a/2.png") == (
        ["train/a/0.png", "train/b/1.png"],
        ["test/a/2.png"],
        {},
    )


def test_a_normal_folder_beside_others(layout):
    assert layout("good/0.png", "scratch/1.png") == (
        ["good/0.png"],
        [],
        {"scratch": ["scratch/1.png"]},
    )


def test_classes_are_all_normal_and_a_line_says_so(layout, caplog):
    assert layout("cats/0.png", "dogs/1.png") == (["cats/0.png", "dogs/1.png"], [], {})
    assert "all normal: cats, dogs" in caplog.messages[0]


def test_nested_folders_are_one_set(layout, caplog):
    assert layout("2024/may/0.png", "2024/june/1.png")[0] == ["2024/june/1.png", "2024/may/0.png"]
    assert not caplog.messages


def test_without_normal_pictures_to_train_on_it_says_so(layout):
    names = ("train/a/0.png", "train/b/0.png", "test/good/1.png", "test/bad/2.png")
    assert "no folder train/good" in message_of(layout, *names)
