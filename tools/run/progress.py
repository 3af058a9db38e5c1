"""Progress bars for the two long parts of a run: training and scoring of a whole ensemble."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

Scorer = TypeVar("Scorer")


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
    """Bar over the training steps of all members, with the time left for all of them."""

    def __init__(self, num_members: int, max_steps: int):
        """Takes the number of members and of steps per member."""
        super().__init__(num_members * max_steps, "step", "training")
        self._max_steps = max_steps
        self._member = 0

    def skip(self, member: int, step: int) -> None:
        """Jumps to a member's step without counting the way there as speed."""
        self._member = member
        if self._bar.disable:
            return
        self._bar.initial += member * self._max_steps + step - self._bar.n
        self._bar.n = self._bar.last_print_n = member * self._max_steps + step
        self._bar.set_description(f"member {member}, first step (compiling)")

    def advance(self, steps: int, values: Mapping[str, float]) -> None:
        """Counts steps that are done and shows numbers behind the bar."""
        self._bar.set_description(f"member {self._member}", refresh=False)
        self._bar.update(steps)
        self._bar.set_postfix({name: f"{value:.1f}" for name, value in values.items()})


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
