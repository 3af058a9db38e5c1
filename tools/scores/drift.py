"""Tells when a stream of scores has changed: a conformal test martingale.

Each new score is ranked among the calibration scores and all earlier ones. As long as nothing has
changed, these p-values are independent and uniform, and whoever bets against that gains nothing:
the wealth is a martingale, and exceeds 1 / a ever with a probability of at most a (Ville's
inequality). Vovk, Gammerman and Shafer 2022, "Algorithmic Learning in a Random World", chapter 8;
Vovk et al. 2021, https://arxiv.org/abs/2102.10439.
"""

import bisect
import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

FALSE_ALARMS = 0.01  # share of unchanged streams, of any length, in which an alarm is ever raised
JUMP_RATE = 0.01  # share of the wealth that moves to other bets at each step
MOST_REMEMBERED = 100_000  # scores among which new ones are ranked


def _bets(p: np.ndarray) -> np.ndarray:
    """Gains [bet, ...] of bets on a p-value; each has the mean 1 where p is uniform.

    Powers bet that p is small, the lines that it is small or large, the parabola that it is near
    the middle.
    """
    powers = [power * p ** (power - 1) for power in (0.25, 0.5, 0.75)]
    lines = [1 + slope * (p - 0.5) for slope in (-1.5, 1.5)]
    return np.array([*powers, *lines, 1.5 - 6 * (p - 0.5) ** 2])


class Martingale:
    """Wealth of bets that p-values are not uniform, from a change at any time on.

    The bets begin with the wealth 1 / ((t + 1) * (t + 2)) at step t, so that those on a late change
    have not lost everything before it; these shares sum to 1. Wealth moves between the bets as in
    the Simple Jumper of Vovk et al. 2021.

    Args:
        shape: Shape of the p-values of one step; () for one stream.
    """

    def __init__(self, shape: tuple[int, ...] = ()):
        self._placed = np.zeros((len(_bets(np.ones(()))), *shape))
        self._step = 0

    @property
    def wealth(self) -> np.ndarray:
        """The wealth, 1 at the start; its inverse bounds the probability of ever reaching it."""
        return self._placed.sum(axis=0) + 1 / (1 + self._step)

    def update(self, p: np.ndarray) -> np.ndarray:
        """The wealth after the next step's p-values, in (0, 1]."""
        mean = self._placed.mean(axis=0)
        begun = 1 / ((self._step + 1) * (self._step + 2)) / len(self._placed)
        placed = (1 - JUMP_RATE) * self._placed + JUMP_RATE * mean + begun
        with np.errstate(over="ignore"):  # the largest number stands for infinity
            self._placed = np.minimum(placed * _bets(np.asarray(p)), np.finfo(float).max / 100)
        self._step += 1
        return self.wealth


class Verdict(NamedTuple):
    """What a stream shows so far.

    Attributes:
        rows: Number of rows seen.
        wealth: The martingale's present value.
        highest: Its highest value.
        alarm: Number of the first row, from 0, at which it reached 1 / FALSE_ALARMS; None: never.
    """

    rows: int
    wealth: float
    highest: float
    alarm: int | None

    @property
    def text(self) -> str:
        """The verdict as a sentence."""
        if self.alarm is not None:
            return (
                f"the data have changed: first seen at row {self.alarm} (evidence"
                f" {self.highest:.3g}; unchanged data ever reach {1 / FALSE_ALARMS:g} in"
                f" {FALSE_ALARMS:.0%} of files)"
            )
        return (
            f"no sign of a change over {self.rows} rows (evidence {self.highest:.3g}, an alarm from"
            f" {1 / FALSE_ALARMS:g} on)"
        )


class ChangeWatch:
    """Watches the scores of one stream.

    Args:
        calibration: Scores of calibration rows [row], by a score not fitted on them.
        seed: Seed of the draws that break ties.
    """

    def __init__(self, calibration: np.ndarray, seed: int = 0):
        self._known = np.sort(np.asarray(calibration, float)).tolist()
        self._rng = np.random.default_rng(seed)
        self._martingale = Martingale()
        self._verdict = Verdict(0, 1.0, 1.0, None)

    @property
    def verdict(self) -> Verdict:
        """What the stream shows so far."""
        return self._verdict

    def update(self, scores: Iterable[float]) -> list[float]:
        """The wealth after each of the next scores; NaN is passed over."""
        return [self._next(score) for score in scores if not math.isnan(score)]

    def _next(self, score: float) -> float:
        above = len(self._known) - bisect.bisect_right(self._known, score)
        equal = len(self._known) - bisect.bisect_left(self._known, score) - above + 1
        p = (above + (1 - self._rng.random()) * equal) / (len(self._known) + 1)
        if len(self._known) < MOST_REMEMBERED:
            bisect.insort(self._known, score)
        wealth = float(self._martingale.update(np.asarray(p)))
        row, _, highest, alarm = self._verdict
        if alarm is None and wealth >= 1 / FALSE_ALARMS:
            alarm = row
        self._verdict = Verdict(row + 1, wealth, max(highest, wealth), alarm)
        return wealth
