"""Seconds and costs that the manifest records."""

import pytest

from tools.run.run_folder import RunFolder
from tools.run.timings import record_costs, timed


@pytest.fixture
def saved_run(tmp_path):
    folder = RunFolder(tmp_path)
    folder.update_manifest(settings={})
    return folder


def test_parts_are_timed_and_a_failed_one_stays_as_the_status(saved_run, monkeypatch):
    clock = iter([10.0, 12.34, 20.0, 21.0, 30.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    for part in ("training", "scoring"):
        with timed(saved_run, part):
            assert saved_run.manifest().status == part
    with pytest.raises(KeyError), timed(saved_run, "analysis"):
        raise KeyError
    manifest = saved_run.manifest()
    assert manifest.timings == {"training": 2.3, "scoring": 1.0}
    assert manifest.status == "analysis"


def test_costs_are_kept_beside_those_of_other_passes(saved_run):
    record_costs(saved_run, {"sampling": 1.23456, "gradients": 2.0})
    record_costs(saved_run, {"sampling": 3.0})
    assert saved_run.manifest().costs == {"sampling": 3.0, "gradients": 2.0}
