"""The bar's numbers are those of the run, also when it starts in the middle."""

import io
import logging

import pytest

from tools.run.progress import ScoringProgress, TrainingProgress


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
    with TrainingProgress(num_members=2, max_steps=100) as progress:
        progress.skip(0, 0)
        advance(progress, clock, 100, 0.25)
        progress.skip(1, 0)
        advance(progress, clock, 20, 0.25)
        line = last_line(terminal)
    assert line.startswith("member 1:  60%")
    assert "120/200 [00:30<00:20,  4.00step/s, elbo=-101.3]" in line


def test_steps_of_an_earlier_start_are_no_speed(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    with TrainingProgress(num_members=2, max_steps=100) as progress:
        progress.skip(0, 100)
        progress.skip(1, 50)
        assert "150/200" in last_line(terminal)
        advance(progress, clock, 10, 0.25)
        assert "160/200 [00:02<00:10,  4.00step/s, elbo=-101.3]" in last_line(terminal)


@pytest.mark.parametrize(("seconds", "warnings"), [(0.1, 0), (4.0, 1)])
def test_a_training_of_more_than_an_hour_says_so_once(seconds, warnings, monkeypatch, caplog):
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    with TrainingProgress(num_members=2, max_steps=1000) as progress:
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


def test_no_terminal_no_bar(clock, monkeypatch):
    stream = standard_error(monkeypatch, io.StringIO())
    with TrainingProgress(num_members=1, max_steps=10) as progress:
        progress.skip(0, 5)
        progress.advance(1, {"elbo": 1.0})
    assert stream.getvalue() == ""


def test_scoring_counts_each_set_once_per_member(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    with ScoringProgress(num_members=2, num_examples=6) as progress:
        for _ in progress.scoring("ab", "near", 3):
            clock[0] += 1
        clock[0] += 1
        progress.advance(3)
        line = last_line(terminal)
    assert line.startswith("scoring near, member 1:  75%")
    assert "9/12 [" in line


def test_a_log_line_stands_above_the_bar(clock, monkeypatch):
    terminal = standard_error(monkeypatch, Terminal())
    logger = logging.Logger("run")
    monkeypatch.setattr("logging.root", logger)
    logger.addHandler(logging.StreamHandler(terminal))
    with TrainingProgress(num_members=1, max_steps=2) as progress:
        progress.skip(0, 0)
        logger.warning("saved")
    lines = terminal.getvalue().replace("\r", "\n").splitlines()
    assert "saved" in lines
