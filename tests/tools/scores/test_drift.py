"""The martingale keeps its promise on unchanged streams, by simulation, and sees changes."""

import numpy as np
import pytest

from tools.scores import drift
from tools.scores.drift import ChangeWatch, Martingale

RNG = np.random.default_rng(0)


def test_every_bet_is_fair():
    p = (np.arange(1_000_000) + 0.5) / 1_000_000
    np.testing.assert_allclose(drift._bets(p).mean(axis=1), 1, atol=0.02)
    assert (drift._bets(np.array([1e-9, 0.5, 1.0])) >= 0).all()


@pytest.mark.parametrize("share", [0.1, 0.01])
def test_unchanged_streams_ever_raise_an_alarm_as_seldom_as_promised(share):
    streams = 4000
    martingale, highest = Martingale((streams,)), np.zeros(streams)
    for _ in range(300):
        highest = np.maximum(highest, martingale.update(1 - RNG.random(streams)))
    alarms = (highest >= 1 / share).mean()
    assert alarms <= share + 3 * np.sqrt(share / streams)


def test_the_wealth_is_one_at_the_start_and_on_average():
    martingale = Martingale((20_000,))
    np.testing.assert_allclose(martingale.wealth, 1)
    for _ in range(5):
        wealth = martingale.update(1 - RNG.random(20_000))
    assert wealth.mean() == pytest.approx(1, abs=0.05)


def alarms(change, count=40):
    """Rows at which streams of 200 unchanged and 200 changed scores raise an alarm."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        watch = ChangeWatch(rng.normal(size=100), seed)
        watch.update(rng.normal(size=200))
        watch.update(change(rng.normal(size=200)))
        yield watch.verdict.alarm


@pytest.mark.parametrize(
    "change", [lambda x: x + 1, lambda x: x - 1, lambda x: 3 * x, lambda x: x / 4]
)
def test_a_change_is_seen_within_200_rows_and_not_before(change):
    rows = [-1 if row is None else row for row in alarms(change)]
    assert np.mean([row >= 200 for row in rows]) >= 0.9


def test_few_calibration_rows_and_ties_raise_no_alarm():
    found = list(alarms(lambda x: x))
    assert sum(row is not None for row in found) <= 2
    watch = ChangeWatch(np.zeros(50))
    watch.update([0.0] * 300)
    assert watch.verdict.alarm is None
    assert watch.verdict.text.startswith("no sign of a change over 300 rows")


def test_rows_without_a_score_are_passed_over_and_the_verdict_names_the_first_row():
    watch = ChangeWatch(np.arange(100.0))
    assert watch.update([np.nan]) == []
    watch.update(np.arange(1000.0, 1030.0))
    assert watch.verdict.alarm is not None
    assert f"first seen at row {watch.verdict.alarm}" in watch.verdict.text
    assert len(watch.update([5.0, 6.0])) == 2


def test_a_long_stream_remembers_so_many_scores_only(monkeypatch):
    monkeypatch.setattr(drift, "MOST_REMEMBERED", 60)
    watch = ChangeWatch(np.arange(50.0))
    watch.update(RNG.permutation(100.0 * np.arange(20)))
    assert len(watch._known) == 60
