"""Trains one member from its newest checkpoint to its last step."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.run.checkpoints import newest_checkpoint, newest_step, save_checkpoint
from tools.run.progress import TrainingProgress
from tools.run.seeds import child_seed
from tools.run.status import time_left
from tools.run.termination import held_back
from tools.run.training_history import described, read_history

_LOG = logging.getLogger(__name__)
_SECONDS_PER_LOOK = 1.0  # about how often the bar reads a loss, which waits for the device


class Trainee(Protocol):
    """What the loop needs of a model: a state, a step that is a function of it, and a look."""

    def initialize(self, seed: int) -> None:
        """Forgets everything learned and draws new initial weights."""

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a later step depends on, by name."""

    def load_state(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes a state back."""

    def train_steps(self, examples: Any, seed: int, steps: range) -> dict[str, float]:
        """Some updates; each depends on the state, the seed and its number only.

        Args:
            examples: All that members are trained on, as the ensemble was given them.
            seed: The member's.
            steps: Numbers of the updates, one after another.

        Returns:
            What the progress bar shows of the last update.
        """

    def monitor(self) -> dict[str, float]:
        """Numbers for the history, on held-out images."""

    def pictures(self) -> dict[str, np.ndarray]:
        """Image batches for TensorBoard, [image, height, width, channel] in [0, 1]."""


class TrainingPlan(NamedTuple):
    """How to train a member.

    Attributes:
        seed: Of the member.
        max_steps: After which it is finished.
        save_every: Steps between saves.
        log_dir: Folder for TensorBoard's events, one below it per member; empty: they go into the
            member's own folder.
        keep: Checkpoints that stay, the newest ones; None: all.
    """

    seed: int
    max_steps: int
    save_every: int
    log_dir: str = ""
    keep: int | None = 2


def train_member(
    trainee: Trainee,
    examples: Any,
    plan: TrainingPlan,
    *,
    folder: Path,
    progress: TrainingProgress,
    member: int,
) -> None:
    """Trains to plan.max_steps and saves; goes on from the folder's newest whole checkpoint.

    Killed and started again, it ends with the same weights as if it had not been killed.

    Raises:
        InputError: Training diverged; nothing is saved after the last sound checkpoint.
        Terminated: SIGTERM came; all steps that were done are saved.
    """
    trainee.initialize(child_seed(plan.seed, "weights"))
    step = _resume(trainee, folder)
    progress.skip(member, step)
    if step >= plan.max_steps:
        return
    events = Path(plan.log_dir) / str(member) if plan.log_dir else folder / "events"
    history = _History(folder, events, until_step=step)
    place = _Place(folder, member, plan.max_steps, plan.keep)
    with held_back() as is_terminated:
        while step < plan.max_steps and not is_terminated():
            started, first = time.perf_counter(), step
            stop = min(plan.max_steps, (step // plan.save_every + 1) * plan.save_every)
            for steps in _paced(range(step, stop)):
                values = trainee.train_steps(examples, plan.seed, steps)
                progress.advance(len(steps), values)
                step = steps.stop
                _refuse_diverged(values, place, step)
                if step < stop and is_terminated():
                    _save_state(trainee, place, step)
                    return
            speed = (step - first) / (time.perf_counter() - started)
            _save(trainee, history, place, step=step, speed=speed)


def _paced(steps: range) -> Iterator[range]:
    """The steps in parts that last about a second each, by the speed of the part before."""
    size = 1
    while steps:
        started = time.perf_counter()
        yield steps[:size]
        steps = steps[size:]
        if time.perf_counter() - started < _SECONDS_PER_LOOK / 2:
            size *= 2
        elif size > 1:
            size //= 2


def _resume(trainee: Trainee, folder: Path) -> int:
    """Loads the newest whole checkpoint, if there is one; the number of steps already done."""
    checkpoint = newest_checkpoint(folder)
    if checkpoint is None:
        return 0
    trainee.load_state(checkpoint.arrays)
    return checkpoint.step


class _Place(NamedTuple):
    """Which member is trained: its folder, number and steps, and the checkpoints that stay."""

    folder: Path
    member: int
    max_steps: int
    keep: int | None


def _save(trainee: Trainee, history: "_History", place: _Place, *, step: int, speed: float) -> None:
    values = trainee.monitor()
    _refuse_diverged(values, place, step)
    history.add(step, values | {"steps_per_second": round(speed, 3)}, trainee.pictures())
    _save_state(trainee, place, step)
    left = time_left(place.max_steps - step, speed)
    words = f"{place.folder}: step {step:,} of {place.max_steps:,}, {described(values)}"
    _LOG.info("%s, %.1f steps/s, %s left", words, speed, left)


def _save_state(trainee: Trainee, place: _Place, step: int) -> None:
    state = trainee.state()
    _refuse_diverged(state, place, step)
    save_checkpoint(place.folder, step, state, place.keep)


def _refuse_diverged(values: Mapping[str, Any], place: _Place, step: int) -> None:
    """Raises InputError where a number, or one in an array, is not finite."""
    for name, value in values.items():
        if not np.isfinite(value).all():
            kept = newest_step(place.folder)
            raise InputError(
                f"{place.folder}: training of member {place.member} diverged by step {step}, "
                f"{name} is not finite; the checkpoint of step {kept or 0} is kept. Start again "
                "with a smaller learning rate (flags --learning_rate...) and --delete_existing"
            )


class _History:
    """history.jsonl, one line per save, and the same for TensorBoard."""

    def __init__(self, folder: Path, events: Path, until_step: int):
        """Keeps what an earlier start wrote, up to the step that is gone on from."""
        self._path = folder / "history.jsonl"
        records = read_history(self._path)
        self._records = [record for record in records if record["step"] <= until_step]
        self._writer = tf.summary.create_file_writer(str(events))

    def add(self, step: int, values: dict[str, float], pictures: dict[str, np.ndarray]) -> None:
        """Writes the numbers and pictures of one step."""
        self._records.append({"step": step} | values)
        write_text(self._path, "".join(json.dumps(record) + "\n" for record in self._records))
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
            for name, images in pictures.items():
                tf.summary.image(name, images, max_outputs=len(images))
        self._writer.flush()
