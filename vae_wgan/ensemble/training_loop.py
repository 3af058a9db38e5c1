"""Trains members, each from its newest checkpoint to the last step."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tools.errors import InputError
from tools.files.whole_files import write_text
from tools.run.checkpoints import newest_checkpoint, newest_step, save_checkpoint
from tools.run.member_lock import only_writer
from tools.run.progress import TrainingProgress
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.run.status import time_left
from tools.run.termination import held_back
from tools.run.training_history import described, read_history
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import member_seed
from vae_wgan.ensemble.training_plan import TrainingPlan

_LOG = logging.getLogger(__name__)
_SECONDS_PER_LOOK = 1.0  # between updates of the progress bar, which wait for the device


def train_ensemble(
    model: Member, examples: Any, plan: TrainingPlan, *, folder: RunFolder, num_models: int
) -> None:
    """Trains members 0..num_models-1 one after another; skips finished ones.

    Args:
        model: Model that is trained as each member in turn.
        examples: The training set, in the form that the model takes.
        plan: The training plan, with the run's root seed.
        folder: Run folder for the members' checkpoints.
        num_models: Number of members in the ensemble.
    """
    with TrainingProgress(num_models, plan.max_steps) as progress:
        for member in range(num_models):
            train_one(model, examples, plan, folder=folder, member=member, progress=progress)


def train_one(
    model: Member,
    examples: Any,
    plan: TrainingPlan,
    *,
    folder: RunFolder,
    member: int,
    progress: TrainingProgress,
) -> None:
    """Trains one member; the other arguments are those of `train_ensemble`."""
    with only_writer(folder.member(member)):
        train_member(
            model,
            examples,
            plan._replace(seed=member_seed(plan.seed, member)),
            folder=folder.member(member),
            progress=progress,
            member=member,
        )


def train_member(
    model: Member,
    examples: Any,
    plan: TrainingPlan,
    *,
    folder: Path,
    progress: TrainingProgress,
    member: int,
) -> None:
    """Trains to plan.max_steps; resumes from the folder's newest undamaged checkpoint.

    A training that was killed and started again ends with the same weights as one that was not.

    Raises:
        InputError: Training diverged; the last finite checkpoint stays the newest.
        Terminated: SIGTERM came; a checkpoint holds all finished steps.
    """
    model.initialize(child_seed(plan.seed, "weights"))
    step = _resume(model, folder)
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
                values = model.train_steps(examples, plan.seed, steps)
                progress.advance(len(steps), values)
                step = steps.stop
                _refuse_diverged(values, place, step)
                if step < stop and is_terminated():
                    _save_state(model, place, step)
                    return
            speed = (step - first) / (time.perf_counter() - started)
            _save(model, history, place, step=step, speed=speed)


def _paced(steps: range) -> Iterator[range]:
    """Splits the steps into parts of about a second each, sized by the speed of the last part."""
    size = 1
    while steps:
        started = time.perf_counter()
        yield steps[:size]
        steps = steps[size:]
        if time.perf_counter() - started < _SECONDS_PER_LOOK / 2:
            size *= 2
        elif size > 1:
            size //= 2


def _resume(model: Member, folder: Path) -> int:
    """Loads the newest undamaged checkpoint, if any; returns the number of finished steps."""
    checkpoint = newest_checkpoint(folder)
    if checkpoint is None:
        return 0
    model.load_state(checkpoint.arrays)
    return checkpoint.step


class _Place(NamedTuple):
    """The member in training: folder, number, last step, and number of checkpoints to keep."""

    folder: Path
    member: int
    max_steps: int
    keep: int | None


def _save(model: Member, history: "_History", place: _Place, *, step: int, speed: float) -> None:
    values = model.monitor()
    _refuse_diverged(values, place, step)
    history.add(step, values | {"steps_per_second": round(speed, 3)}, model.pictures())
    _save_state(model, place, step)
    words = f"{place.folder}: step {step:,} of {place.max_steps:,}, {described(values)}"
    left = place.max_steps - step
    ending = f", {time_left(left, speed)} left of this member" if left else ""
    _LOG.info("%s, %.1f steps/s%s", words, speed, ending)


def _save_state(model: Member, place: _Place, step: int) -> None:
    state = model.state()
    _refuse_diverged(state, place, step)
    save_checkpoint(place.folder, step, state, place.keep)


def _refuse_diverged(values: Mapping[str, Any], place: _Place, step: int) -> None:
    """Raises InputError if a number or an element of an array is not finite."""
    for name, value in values.items():
        if not np.isfinite(value).all():
            kept = newest_step(place.folder)
            raise InputError(
                f"{place.folder}: training of member {place.member} diverged by step {step}, "
                f"{name} is not finite; the checkpoint of step {kept or 0} is kept. Start again "
                "with a smaller learning rate (flags --learning_rate...) and --delete_existing"
            )


class _History:
    """Writes history.jsonl, one line per checkpoint, and TensorBoard's events."""

    def __init__(self, folder: Path, events: Path, until_step: int):
        """Keeps the lines of an earlier start up to the step from which training resumes."""
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
