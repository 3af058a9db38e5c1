"""Damaged files are read or refused in one line; never a crash, a hang or another exception.

`scripts/fuzz.py` does the same for minutes.
"""

import logging

import pytest

from scripts import fuzz
from scripts.fuzzing import trial
from scripts.fuzzing.data_targets import data_targets
from scripts.fuzzing.mutations import damaged, mutants
from scripts.fuzzing.run_targets import run_targets
from scripts.fuzzing.trial import Target, try_mutants
from tools.errors import InputError

MUTANTS = 100


@pytest.fixture
def quiet():
    """No notes of refused downloads."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("make_targets", [data_targets, run_targets])
def test_every_reader_copes_with_damaged_files(make_targets, quiet, tmp_path):
    targets = make_targets(tmp_path)
    outcomes = {name: try_mutants(target, MUTANTS, seed=0) for name, target in targets.items()}
    errors = {name: [fault.error for fault in found.faults] for name, found in outcomes.items()}
    assert {name: found for name, found in errors.items() if found} == {}
    assert all(found.refused > 0 for found in outcomes.values())


def test_mutants_are_the_same_every_time_and_differ_from_each_other():
    first, second = (list(mutants([b"1, 2, 3" * 50], [damaged], 40, seed=3)) for _ in range(2))
    assert first == second
    assert len(set(first)) > 30


def read_nothing(content):
    raise InputError("x is damaged")


def hang(content):
    while True:
        pass


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (len, None),
        (read_nothing, None),
        (lambda content: {}["x"], "KeyError"),
        (hang, "HangError"),
    ],
)
def test_a_trial_finds_what_a_reader_does_wrong(read, error, monkeypatch):
    monkeypatch.setattr(trial, "MOST_SECONDS", 0.1)
    outcome = try_mutants(Target([b"12345"], [damaged], read), 1, seed=0)
    if error is None:
        assert not outcome.faults
    else:
        assert error in outcome.faults[0].error


def test_a_trial_finds_memory_that_a_reader_takes(monkeypatch):
    peaks = iter([100.0, 700.0])
    monkeypatch.setattr(trial, "_peak_megabytes", lambda: next(peaks))
    (fault,) = try_mutants(Target([b"12345"], [damaged], len), 1, seed=0).faults
    assert fault.error == "took 600 MB of memory"


def test_the_script_leaves_the_files_at_fault(monkeypatch, tmp_path, capsys):
    target = Target([b"12345"], [damaged], lambda content: {}["x"])
    monkeypatch.setattr(fuzz, "data_targets", lambda folder: {"broken": target})
    monkeypatch.setattr(fuzz, "run_targets", lambda folder: {})
    try:
        assert fuzz.main(["--mutants=2", f"--faults={tmp_path}"]) == 1
    finally:
        logging.disable(logging.NOTSET)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken-0", "broken-1"]
    assert "KeyError" in capsys.readouterr().out
