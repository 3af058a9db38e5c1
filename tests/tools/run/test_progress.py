"""The bar's numbers are those of the run, also when it starts in the middle."""

import io
import logging
import sys

import pytest

from tools.run.progress import RunProgress, ScoringProgress, TrainingProgress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the bar reads, in a list of one."""
    seconds = [100.0]
    monkeypatch.setattr("tqdm.std.time", lambda: seconds[0])
    return seconds


def standard_error(monkeypatch, stream):
    """The stream in the place of standard error. No fixture: pytest replaces it after those."""
    monkeypatch.setattr("sys.stderr", stream)
    return stream


def last_line(terminal):
    return terminal.getvalue().split("\r")[-1]


def advance(progress, clock, steps, seconds):
    for _ in range(steps):
        clock[0] += seconds
        progress.advance(1, {"elbo": -101.26})


def test_a_run_from_the_start_counts_all_members_steps(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    with RunProgress({"training": 50}) as run, run.part("training"):
        progress = TrainingProgress(run, num_members=2, max_steps=100)
        progress.skip(0, 0)
        advance(progress, clock, 100, 0.25)
        progress.skip(1, 0)
        advance(progress, clock, 20, 0.25)
        line = last_line(terminal)
    assert line.startswith("training member 1 of 2:  60%")
    assert line.rstrip().endswith("00:30<00:20, step 20 of 100, elbo -101.3")


def test_steps_of_an_earlier_start_are_no_speed(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    with RunProgress({"training": 200}) as run, run.part("training"):
        progress = TrainingProgress(run, num_members=2, max_steps=100)
        progress.skip(0, 100)
        progress.skip(1, 50)
        assert " 75%" in last_line(terminal)
        assert "first step (compiling)" in last_line(terminal)
        advance(progress, clock, 10, 0.25)
        assert " 80%" in last_line(terminal)
        assert "00:02<00:10, step 60 of 100" in last_line(terminal)


def test_the_time_left_is_that_of_all_parts_at_the_speed_seen(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    with RunProgress({"training": 30, "scoring": 20, "analysis": 10}) as run:
        with run.part("training"):
            progress = TrainingProgress(run, num_members=1, max_steps=30)
            progress.skip(0, 0)
            advance(progress, clock, 30, 2.0)  # twice as slow as expected
            assert "01:00<01:00" in last_line(terminal)
        with run.part("scoring"):
            assert last_line(terminal).startswith("scoring:  50%")
        with run.part("analysis"):  # nothing was to be scored
            assert last_line(terminal).startswith("analysis:  83%")
        with run.part("not expected"):
            assert last_line(terminal).startswith("not expected: 100%")


def test_a_training_that_begins_anew_does_not_turn_the_bar_back(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    with RunProgress() as run:
        progress = TrainingProgress(run, num_members=1, max_steps=10)
        advance(progress, clock, 6, 1)
        progress.skip(0, 0)
        advance(progress, clock, 3, 1)
        assert " 60%" in last_line(terminal)
        assert "step 3 of 10" in last_line(terminal)


@pytest.mark.parametrize(("seconds", "warnings"), [(0.1, 0), (4.0, 1)])
def test_a_training_of_more_than_an_hour_says_so_once(seconds, warnings, monkeypatch, caplog):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    progress = TrainingProgress(RunProgress(), num_members=2, max_steps=1000)
    progress.skip(0, 0)
    now[0] += 100  # compiling
    progress.advance(1, {})
    for _ in range(200):
        now[0] += seconds
        progress.advance(1, {})
    assert len(caplog.records) == warnings
    if warnings:
        line = caplog.messages[0]
        assert line.startswith("training takes about 2.2 hours, at 0.2 steps/s; a smaller --max")


@pytest.mark.parametrize("is_notebook", [False, True])
def test_a_bar_is_for_terminals_and_notebooks(is_notebook, clock, monkeypatch):
    if is_notebook:
        monkeypatch.setitem(sys.modules, "ipykernel", sys)
    stream = standard_error(monkeypatch, io.StringIO())
    with RunProgress() as run:
        progress = TrainingProgress(run, num_members=1, max_steps=10)
        progress.skip(0, 5)
        progress.advance(1, {"elbo": 1.0})
    assert bool(stream.getvalue()) == is_notebook


def test_scoring_counts_each_set_once_per_member(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    with RunProgress() as run:
        progress = ScoringProgress(run, num_members=2, num_examples=6)
        for _ in progress.scoring("ab", "near", 3):
            clock[0] += 1
        clock[0] += 1
        progress.advance(3)
        line = last_line(terminal)
    assert line.startswith("scoring near, member 1 of 2:  75%")
    assert "00:03<00:01" in line


def test_a_log_line_stands_above_the_bar(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    logger = logging.Logger("run")
    monkeypatch.setattr("logging.root", logger)
    logger.addHandler(logging.StreamHandler(terminal))
    with RunProgress() as run:
        run.tell("scoring")
        logger.warning("saved")
    lines = terminal.getvalue().replace("\r", "\n").splitlines()
    assert "saved" in lines
