"""A manifest of any version is read, and an entry that no run writes is named by its path."""

import copy
import json

import pytest

from golden_runs import HALF_RUN
from run_folder_fixture import write_run
from tools.files.typed_json import MalformedError
from tools.run.manifest import Alteration, DataSets, KnownSettings, manifest_from_json
from tools.run.run_folder import RunFolder


@pytest.fixture
def content(tmp_path):
    write_run(tmp_path, members=1, examples=8)
    text = (tmp_path / "manifest.json").read_text("utf-8")
    return json.loads(text) | {"history": {"steps": [500]}}


def test_entries_become_fields(content):
    manifest = manifest_from_json(content)
    assert manifest.status == "finished"
    assert manifest.datasets.in_distribution == "digits"
    assert manifest.datasets.out_of_distribution == ("near", "far")
    assert manifest.history.steps == (500,)
    assert manifest.known_settings.score_keys == ("iwae", "rate")
    assert manifest.settings == content["settings"]
    assert manifest.entries == content


def test_entries_that_are_not_there_have_defaults():
    manifest = manifest_from_json({"settings": {}})
    assert (manifest.peers, manifest.encoder, manifest.git_commit) == (None, None, None)
    assert manifest.datasets == DataSets()
    assert manifest.known_settings == KnownSettings()
    with pytest.raises(MalformedError, match=r"^manifest$"):
        manifest_from_json({})


def test_a_run_of_an_earlier_version_is_read():
    manifest = RunFolder(HALF_RUN).manifest()
    assert manifest.status == "training"
    assert manifest.known_settings.max_steps == 60
    assert manifest.training_data["train_dataset"].startswith("own, sha256 ")


def test_sets_are_written_as_they_are_read(content):
    datasets = manifest_from_json(content).datasets
    assert DataSets().to_json().keys() == datasets.to_json().keys()
    assert "alterations" not in datasets.to_json()
    content["datasets"]["altered"] = ["corruption.fog.5"]
    altered = manifest_from_json(content).datasets
    written = json.loads(json.dumps(altered.to_json()))
    assert manifest_from_json(content | {"datasets": written}).datasets == altered


def test_sets_that_could_not_be_had_are_not_available(content):
    content["datasets"]["missing"] = {"near": "no source answered"}
    assert manifest_from_json(content).datasets.available == ("far",)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", 3),
        ("timings", []),
        ("timings.training", "1"),
        ("history.steps[0]", "../../elsewhere"),
        ("device", ["CPU"]),
        ("settings", None),
        ("settings.score_keys", "iwae"),
        ("settings.score_keys[1]", 7),
        ("settings.seed", -1),
        ("settings.seed", True),
        ("settings.bootstrap", 10**9),
        ("settings.alerts", ["many"]),
        ("datasets.in_distribution", ["digits"]),
        ("datasets.out_of_distribution[0]", None),
        ("datasets.missing.lost", 1),
        ("datasets.checksums.near", 12),
        ("datasets.altered", ["digits"]),
        ("datasets.altered", ["rotation.fog.1"]),
        ("datasets.alterations", {"fog": {"group": "rotation", "kind": "fog", "level": 1}}),
        ("datasets.alterations", {"fog": {"group": "corruption", "kind": "fog"}}),
        ("datasets.alterations", {"fog": {"group": "corruption", "kind": "fog", "level": -1}}),
    ],
)
def test_a_malformed_entry_is_named(path, value, content):
    changed = copy.deepcopy(content)
    where = changed
    *outer, last = path.replace("]", "").replace("[", ".").split(".")
    for name in outer:
        where = where[int(name) if name.isdecimal() else name]
    where[int(last) if last.isdecimal() else last] = value
    with pytest.raises(MalformedError) as error:
        manifest_from_json(changed)
    found = str(error.value)
    assert found == f"manifest.{path}" or found.startswith(
        (f"manifest.{path}[", f"manifest.{path}.")
    )


def test_alterations_are_entries_and_of_earlier_versions_what_the_names_say(content):
    fog, snow = Alteration("corruption", "fog", 5), Alteration("perturbation", "snow", 0)
    assert (fog.name, snow.name) == ("corruption.fog.5", "perturbation.snow.0")
    content["datasets"]["altered"] = [fog.name, snow.name]
    assert manifest_from_json(content).datasets.alterations == {fog.name: fog, snow.name: snow}
    other = {"group": "corruption", "kind": "haze", "level": 3}
    content["datasets"]["alterations"] = {fog.name: other}
    found = manifest_from_json(content).datasets.alterations
    assert found == {fog.name: Alteration(**other), snow.name: snow}
