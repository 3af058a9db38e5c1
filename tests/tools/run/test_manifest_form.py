"""An entry of a manifest that no run writes is found and named by its path."""

import copy

import pytest

from run_folder_fixture import write_run
from tools.run.manifest_form import malformed_entry


@pytest.fixture
def manifest(tmp_path):
    written = write_run(tmp_path, members=1, examples=8).manifest()
    return written | {"history": {"steps": [500]}}


def test_the_manifest_of_a_run_is_well_formed(manifest):
    assert malformed_entry(manifest) == ""
    assert malformed_entry({}) == ""


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
    ],
)
def test_a_malformed_entry_is_named(path, value, manifest):
    changed = copy.deepcopy(manifest)
    where = changed
    *outer, last = path.replace("]", "").replace("[", ".").split(".")
    for name in outer:
        where = where[int(name) if name.isdecimal() else name]
    where[int(last) if last.isdecimal() else last] = value
    found = malformed_entry(changed)
    assert found == f"manifest.{path}" or found.startswith(f"manifest.{path}[")
