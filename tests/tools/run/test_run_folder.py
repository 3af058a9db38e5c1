"""Where the files of a run lie, and its manifest."""

import json

import pytest

from input_errors import message_of
from tools.run.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def test_files_have_their_places(folder):
    assert folder.member(3) == folder.path / "3"
    assert folder.scores("hflip") == folder.path / "scores" / "hflip.npz"
    assert folder.pictures("hflip") == folder.path / "pictures" / "hflip.npz"


@pytest.mark.parametrize("name", ["../near", "a/b", "..\\near", "/near", "near\0"])
def test_no_file_lies_outside_of_its_folder(name, folder):
    for path in (folder.scores, folder.inputs, folder.pictures):
        assert "would leave its folder" in message_of(path, name)
    assert "would leave its folder" in message_of(folder.peer_scores, "gaussian", name)


def test_a_manifest_nested_too_deeply_is_named(folder):
    folder.manifest_path.write_text("[" * 100_000)
    assert "nested too deeply" in message_of(folder.manifest)


def test_entries_are_replaced_and_the_others_kept_in_their_order(folder):
    folder.update_manifest(settings={"latent_size": 4}, status="started", timings={"training": 2})
    before = json.loads(folder.manifest_path.read_text("utf-8"))
    folder.manifest_path.write_text(json.dumps({"of a later version": [1]} | before))
    folder.update_manifest(device="CPU", status="finished")
    after = json.loads(folder.manifest_path.read_text("utf-8"))
    assert list(after) == ["of a later version", "settings", "status", "timings", "device"]
    assert after == {"of a later version": [1]} | before | {"device": "CPU", "status": "finished"}
    assert folder.manifest().entries == after


def test_a_manifest_has_no_other_entries(folder):
    with pytest.raises(TypeError, match="no entry stauts"):
        folder.update_manifest(settings={}, stauts="finished")


def test_a_folder_without_a_manifest_is_told(folder):
    assert folder.find_manifest() is None
    assert "manifest.json is missing" in message_of(folder.manifest)


def test_a_malformed_entry_is_named(folder):
    folder.update_manifest(settings={"score_keys": ["iwae", 7]})
    message = message_of(folder.manifest)
    assert message.startswith(f"{folder.manifest_path} is damaged: manifest.settings.score_keys[1]")


def test_a_detector_is_named_once_behind_the_others(folder):
    folder.update_manifest(settings={}, peers=["knn"])
    for name in ("simple", "knn", "simple"):
        folder.add_peer(name)
    assert folder.manifest().peers == ("knn", "simple")
