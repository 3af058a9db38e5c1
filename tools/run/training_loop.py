"""Trains one member from its newest checkpoint to its last step."""

import json
import logging
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from tools.errors import InputError
from tools.run.checkpoints import newest_checkpoint, save_checkpoint
from tools.run.history import read_history
from tools.run.progress import TrainingProgress
from tools.run.seeds import child_seed
from tools.run.whole_files import write_text

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
    """How long to train.

    Attributes:
        seed: Of the member.
        max_steps: Its steps.
        save_every: Steps between checkpoints.
        keep: Checkpoints that stay, the newest ones; None: all.
    """

    seed: int
    max_steps: int
    save_every: int
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
    """
    trainee.initialize(child_seed(plan.seed, "weights"))
    step = _resume(trainee, folder)
    progress.skip(member, step)
    if step >= plan.max_steps:
        return
    history = _History(folder, until_step=step)
    while step < plan.max_steps:
        started, first = time.perf_counter(), step
        stop = min(plan.max_steps, (step // plan.save_every + 1) * plan.save_every)
        for steps in _paced(range(step, stop)):
            progress.advance(len(steps), trainee.train_steps(examples, plan.seed, steps))
        step = stop
        speed = (step - first) / (time.perf_counter() - started)
        _save(trainee, history, folder, step=step, speed=speed, keep=plan.keep)


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


def _save(
    trainee: Trainee,
    history: "_History",
    folder: Path,
    *,
    step: int,
    speed: float,
    keep: int | None,
) -> None:
    values = trainee.monitor()
    if not all(math.isfinite(value) for value in values.values()):
        raise InputError(
            f"{folder}: training diverged before step {step}; start again with a smaller "
            "learning rate (flags --learning_rate...) and --delete_existing"
        )
    history.add(step, values | {"steps_per_second": round(speed, 3)}, trainee.pictures())
    save_checkpoint(folder, step, trainee.state(), keep)
    words = ", ".join(
        f"{name} {values[name]:.2f}" for name in sorted(values) if name != "learning_rate"
    )
    _LOG.info("%s: step %d, %s, %.1f steps/s", folder, step, words, speed)


class _History:
    """history.jsonl, one line per save, and the same for TensorBoard."""

    def __init__(self, folder: Path, until_step: int):
        """Keeps what an earlier start wrote, up to the step that is gone on from."""
        self._path = folder / "history.jsonl"
        records = read_history(self._path)
        self._records = [record for record in records if record["step"] <= until_step]
        self._writer = tf.summary.create_file_writer(str(folder / "events"))

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
