"""Progress bars for the two long parts of a run: training and scoring of a whole ensemble."""

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

Scorer = TypeVar("Scorer")
_LOG = logging.getLogger(__name__)
LONG_RUN = 3600.0  # seconds, beyond which a run says how it gets shorter
_MEASURED = 10.0  # seconds of training behind such a forecast


class _Bar:
    """A bar with log lines above it; silent where standard error is no terminal."""

    def __init__(self, total: int, unit: str, description: str):
        self._bar = tqdm(
            total=total,
            unit=unit,
            desc=description,
            disable=not sys.stderr.isatty(),
            smoothing=0.05,
            dynamic_ncols=True,
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Shows the bar."""
        if not self._bar.disable:
            self._stack.enter_context(logging_redirect_tqdm())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves the bar as it stands."""
        self._bar.close()
        self._stack.close()


class TrainingProgress(_Bar):
    """Bar over the training steps of all members, with the time left for all of them.

    Once speed is known, a warning says what makes a training of more than an hour shorter.
    """

    def __init__(self, num_members: int, max_steps: int):
        """Takes the number of members and of steps per member."""
        super().__init__(num_members * max_steps, "step", "training")
        self._max_steps, self._total = max_steps, num_members * max_steps
        self._member = self._done = 0
        self._first: tuple[float, int] | None = None  # time and steps after the first part
        self._is_told = False

    def skip(self, member: int, step: int) -> None:
        """Jumps to a member's step without counting the way there as speed."""
        self._member, self._done = member, member * self._max_steps + step
        self._first = None
        if self._bar.disable:
            return
        self._bar.initial += member * self._max_steps + step - self._bar.n
        self._bar.n = self._bar.last_print_n = member * self._max_steps + step
        self._bar.set_description(f"member {member}, first step (compiling)")

    def advance(self, steps: int, values: Mapping[str, float]) -> None:
        """Counts steps that are done and shows numbers behind the bar."""
        self._done += steps
        self._forecast()
        self._bar.set_description(f"member {self._member}", refresh=False)
        self._bar.update(steps)
        self._bar.set_postfix({name: f"{value:.1f}" for name, value in values.items()})

    def _forecast(self) -> None:
        """Warns once if the rest takes long; the first part, which compiles, is not measured."""
        now = time.perf_counter()
        if self._first is None:
            self._first = now, self._done
        started, before = self._first
        if self._is_told or now - started < _MEASURED:
            return
        self._is_told = True
        speed = (self._done - before) / (now - started)
        if (seconds := (self._total - self._done) / speed) > LONG_RUN:
            _LOG.warning(
                "training takes about %.1f hours, at %.1f steps/s; a smaller --max_steps,"
                " --num_models or --base_depth, or smaller images, make it shorter",
                seconds / 3600,
                speed,
            )


class ScoringProgress(_Bar):
    """Bar over the examples of all sets, each counted once per member."""

    def __init__(self, num_members: int, num_examples: int):
        """Takes the number of members and of examples in all sets together."""
        super().__init__(num_members * num_examples, "example", "scoring")

    def scoring(self, members: Sequence[Scorer], dataset: str, count: int) -> Iterator[Scorer]:
        """Yields the members; one that is asked for after another means that that one is done."""
        for number, member in enumerate(members):
            self._bar.set_description(f"scoring {dataset}, member {number}")
            yield member
            self.advance(count)

    def advance(self, count: int) -> None:
        """Counts examples that one member has scored."""
        self._bar.update(count)
