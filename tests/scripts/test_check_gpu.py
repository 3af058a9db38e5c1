"""The check of a GPU: its comparison, its exit codes, and a trial of its checks on the CPU."""

import numpy as np
import pytest

from scripts import check_gpu
from scripts.check_gpu import CHECKS, CheckError, Machine, Measured, largest_difference, main

MACHINE = Machine("CPU", "float32", "2", {})


def test_a_difference_is_a_share_of_the_score_or_of_one():
    expected = {"iwae": np.array([-200.0, 0.01])}
    assert largest_difference({"iwae": np.array([-202.0, 0.01])}, expected) == pytest.approx(0.01)
    assert largest_difference({"iwae": np.array([-200.0, 0.06])}, expected) == pytest.approx(0.05)


@pytest.mark.parametrize(
    "found",
    [{}, {"rate": np.zeros(2)}, {"iwae": np.zeros(3)}, {"iwae": np.array([np.nan, 0])}],
    ids=["none", "another", "longer", "nan"],
)
def test_other_scores_do_not_pass(found):
    with pytest.raises(CheckError):
        largest_difference(found, {"iwae": np.zeros(2)})


@pytest.fixture
def on_this_machine(monkeypatch):
    monkeypatch.setattr(check_gpu, "_machine", lambda device: MACHINE)


def replace_checks(monkeypatch, **checks):
    monkeypatch.setattr(check_gpu, "CHECKS", checks)


def test_without_a_gpu_it_says_so_and_has_a_code_of_its_own(monkeypatch, capsys):
    monkeypatch.setattr(check_gpu, "_machine", lambda device: None)
    assert main([]) == check_gpu.NO_GPU
    assert "no GPU" in capsys.readouterr().out


def test_each_check_has_a_line_and_one_that_fails_changes_the_exit_code(
    monkeypatch, capsys, on_this_machine
):
    def broken(folder, machine):
        raise CheckError("code 1: resource located in device CPU:0 from device GPU:0")

    replace_checks(
        monkeypatch,
        near=lambda folder, machine: Measured(1e-5, 1e-3, "same bytes"),
        far=lambda folder, machine: Measured(0.5, 1e-3),
        broken=broken,
    )
    assert main([]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("near") and lines[2].endswith("ok, same bytes")
    assert lines[3].endswith("differs from the CPU")
    assert lines[4].endswith("from device GPU:0")
    assert lines[5] == "1 passed, 2 failed"
    assert main(["--only=near"]) == 0


def test_an_unknown_name_is_refused(capsys):
    assert main(["--only=vea"]) == 2
    assert "'vea'; known are vae" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_a_trial_on_the_cpu_passes(name, capsys):
    assert main(["--device=cpu", f"--only={name}"]) == 0, capsys.readouterr().out
