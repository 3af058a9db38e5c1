from types import SimpleNamespace

import pytest

from tools.run.stopwatch import Stopwatch


@pytest.fixture
def clock(monkeypatch):
    """A list of the clock's next times."""
    times = []
    fake = SimpleNamespace(perf_counter=lambda: times.pop(0))
    monkeypatch.setattr("tools.run.stopwatch.time", fake)
    return times


def test_costs_are_per_thousand_examples_and_the_first_batch_is_not_counted(clock):
    stopwatch = Stopwatch()
    clock += [0, 100, 200, 203, 300, 301]
    for examples in (8, 8, 2):
        with stopwatch.timed("sampling", examples):
            pass
    assert stopwatch.per_thousand() == {"sampling": 1000 * 4 / 10}


def test_passes_are_apart_and_one_of_a_single_batch_has_no_cost(clock):
    stopwatch = Stopwatch()
    clock += [0, 1, 2, 3, 4, 6]
    for name in ("regret", "sampling", "sampling"):
        with stopwatch.timed(name, 1000):
            pass
    assert stopwatch.per_thousand() == {"sampling": 2}
