"""The progress of a run: one bar over all its parts, with the time left for all of them."""

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

Scorer = TypeVar("Scorer")
_LOG = logging.getLogger(__name__)
LONG_RUN = 3600.0  # seconds, beyond which a run says how it gets shorter
_MEASURED = 10.0  # seconds of training behind such a forecast
_LAYOUT = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"


class RunProgress:
    """One bar over the parts of a run, below the log lines; a context that shows it.

    The bar counts the seconds that the parts were expected to take. How fast they go by tells the
    time left for the whole run, on a machine of any speed. It is silent where standard error is
    neither a terminal nor a notebook.

    Args:
        expected: Seconds that each part is expected to take, by name, relative to one another.
    """

    def __init__(self, expected: Mapping[str, float] | None = None):
        self._expected = dict(expected or {"": 1.0})
        self._stack = ExitStack()
        self._bar: tqdm | None = None
        self._begin, self._seconds = 0.0, sum(self._expected.values())  # of the part

    def __enter__(self) -> Self:
        """Shows the bar."""
        if sys.stderr.isatty() or "ipykernel" in sys.modules:
            total = sum(self._expected.values())
            bar = tqdm(total=total, bar_format=_LAYOUT, smoothing=0.05, dynamic_ncols=True)
            self._bar = self._stack.enter_context(bar)
            self._stack.enter_context(logging_redirect_tqdm())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves the bar as it stands."""
        self._bar = None
        self._stack.close()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Context of one part of the run, which is done when it ends without error."""
        names = [*self._expected]
        before = names[: names.index(name)] if name in names else names
        self._begin = sum(self._expected[each] for each in before)
        self._seconds = self._expected.get(name, 0.0)
        self.tell(name)
        yield
        self.skip(1.0)

    def tell(self, words: str, numbers: str = "") -> None:
        """Says before and behind the bar what is being done."""
        if self._bar is not None:
            self._bar.set_postfix_str(numbers, refresh=False)
            self._bar.set_description(words)

    def skip(self, share: float) -> None:
        """Moves the bar to a share of the part without counting the way there as speed."""
        if self._bar is not None:
            way = max(0.0, self._begin + share * self._seconds - self._bar.n)
            self._bar.initial += way
            self._bar.n += way
            self._bar.last_print_n = self._bar.n
            self._bar.refresh()

    def move(self, share: float) -> None:
        """Moves the bar to a share of the part that is done; never back."""
        if self._bar is not None:
            self._bar.update(max(0.0, self._begin + share * self._seconds - self._bar.n))


class TrainingProgress:
    """Counts the training steps of all members on a run's bar.

    Once speed is known, a warning says what makes a training of more than an hour shorter.
    """

    def __init__(self, progress: RunProgress, num_members: int, max_steps: int):
        """Takes the run's bar, the number of members and of steps per member."""
        self._progress, self._members, self._max_steps = progress, num_members, max_steps
        self._total = num_members * max_steps
        self._member = self._done = 0
        self._first: tuple[float, int] | None = None  # time and steps after the first part
        self._is_told = False

    def skip(self, member: int, step: int) -> None:
        """Jumps to a member's step without counting the way there as speed."""
        self._member, self._done = member, member * self._max_steps + step
        self._first = None
        self._progress.skip(self._done / self._total)
        self._progress.tell(f"{self._words()}, first step (compiling)")

    def advance(self, steps: int, values: Mapping[str, float]) -> None:
        """Counts steps that are done and shows numbers behind the bar."""
        self._done += steps
        self._forecast()
        step = self._done - self._member * self._max_steps
        numbers = [f"{name} {value:.1f}" for name, value in values.items()]
        of_all = f"step {step:,} of {self._max_steps:,}"
        self._progress.move(self._done / self._total)
        self._progress.tell(self._words(), ", ".join([of_all, *numbers]))

    def _words(self) -> str:
        return f"training member {self._member} of {self._members}"

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


class ScoringProgress:
    """Counts the examples of all sets on a run's bar, each once per member."""

    def __init__(self, progress: RunProgress, num_members: int, num_examples: int):
        """Takes the run's bar, the number of members and of examples in all sets together."""
        self._progress, self._total, self._done = progress, num_members * num_examples, 0

    def scoring(self, members: Sequence[Scorer], dataset: str, count: int) -> Iterator[Scorer]:
        """Yields the members; one that is asked for after another means that that one is done."""
        for number, member in enumerate(members):
            self._progress.tell(f"scoring {dataset}, member {number} of {len(members)}")
            yield member
            self.advance(count)

    def advance(self, count: int) -> None:
        """Counts examples that one member has scored."""
        self._done += count
        self._progress.move(self._done / self._total)
