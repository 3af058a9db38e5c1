"""One progress bar for the training of a whole ensemble."""

import sys
from collections.abc import Mapping
from types import TracebackType

from tqdm import tqdm


class TrainingProgress:
    """Bar over the steps of all members; silent where standard error is no terminal."""

    def __init__(self, num_members: int, max_steps: int):
        """Takes the number of members and of steps per member."""
        self._max_steps = max_steps
        self._bar = tqdm(
            total=num_members * max_steps,
            unit="step",
            disable=not sys.stderr.isatty(),
            smoothing=0.05,
            dynamic_ncols=True,
        )

    def __enter__(self) -> "TrainingProgress":
        """Shows the bar."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves the bar as it stands."""
        self._bar.close()

    def skip(self, member: int, step: int) -> None:
        """Jumps to a member's step without counting the way there as speed."""
        if self._bar.disable:
            return
        self._bar.initial += member * self._max_steps + step - self._bar.n
        self._bar.n = self._bar.last_print_n = member * self._max_steps + step
        self._bar.set_description(f"member {member}")

    def advance(self, steps: int, values: Mapping[str, float]) -> None:
        """Counts steps that are done and shows numbers behind the bar."""
        self._bar.update(steps)
        self._bar.set_postfix({name: f"{value:.1f}" for name, value in values.items()})
