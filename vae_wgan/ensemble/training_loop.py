"""Trains members, each from its newest checkpoint to the last step."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tools.files.whole_files import write_text
from tools.run.checkpoints import newest_checkpoint, newest_step, save_checkpoint
from tools.run.member_faults import faults_of, is_left_out
from tools.run.member_lock import only_writer
from tools.run.progress import RunProgress, TrainingProgress
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.run.status import time_left
from tools.run.termination import held_back
from tools.run.training_history import described, read_history
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.member_health import (
    MemberFaultError,
    is_collapsed,
    note_fault,
    refuse_diverged,
    refuse_not_finite,
)
from vae_wgan.ensemble.members import member_seed
from vae_wgan.ensemble.training_plan import TrainingPlan

_LOG = logging.getLogger(__name__)
_SECONDS_PER_LOOK = 1.0  # between updates of the progress bar, which wait for the device


def train_ensemble(
    model: Member,
    examples: Any,
    plan: TrainingPlan,
    *,
    folder: RunFolder,
    num_models: int,
    progress: RunProgress | None = None,
) -> None:
    """Trains members 0..num_models-1 one after another; skips finished ones.

    Args:
        model: Model that is trained as each member in turn.
        examples: The training set, in the form that the model takes.
        plan: The training plan, with the run's root seed.
        folder: Run folder for the members' checkpoints.
        num_models: Number of members in the ensemble.
        progress: The run's bar; None: nothing is shown.
    """
    steps = TrainingProgress(progress or RunProgress(), num_models, plan.max_steps)
    for member in range(num_models):
        train_one(model, examples, plan, folder=folder, member=member, progress=steps)


def train_one(
    model: Member,
    examples: Any,
    plan: TrainingPlan,
    *,
    folder: RunFolder,
    member: int,
    progress: TrainingProgress,
) -> None:
    """Trains one member, once more from another seed if that fails; then it is left out.

    The other arguments are those of `train_ensemble`.
    """
    member_dir, seed = folder.member(member), member_seed(plan.seed, member)
    with only_writer(member_dir):
        while not is_left_out(member_dir):
            attempt = len(faults_of(member_dir))
            of_attempt = child_seed(seed, "attempt", attempt) if attempt else seed
            try:
                train_member(
                    model,
                    examples,
                    plan._replace(seed=of_attempt),
                    folder=member_dir,
                    progress=progress,
                    member=member,
                )
                return
            except MemberFaultError as error:
                note_fault(member_dir, str(error))


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
        MemberFaultError: Training diverged; the last finite checkpoint stays the newest.
        Terminated: SIGTERM came; a checkpoint holds all finished steps.
    """
    model.initialize(child_seed(plan.seed, "weights"))
    untrained = model.monitor() if (newest_step(folder) or 0) < plan.max_steps else {}
    step = _resume(model, folder)
    progress.skip(member, step)
    if step >= plan.max_steps:
        return
    events = Path(plan.log_dir) / str(member) if plan.log_dir else folder / "events"
    history = _History(folder, events, until_step=step)
    place = _Place(folder, plan.max_steps, plan.keep, untrained)
    with held_back() as is_terminated:
        while step < plan.max_steps and not is_terminated():
            started, first = time.perf_counter(), step
            stop = min(plan.max_steps, (step // plan.save_every + 1) * plan.save_every)
            for steps in _paced(range(step, stop)):
                values = model.train_steps(examples, plan.seed, steps)
                progress.advance(len(steps), values)
                step = steps.stop
                refuse_not_finite(values, step)
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
    """The member in training.

    Attributes:
        folder: Folder of the member.
        max_steps: The last step.
        keep: Number of checkpoints to keep; None: all.
        untrained: Monitored values before the first step.
    """

    folder: Path
    max_steps: int
    keep: int | None
    untrained: Mapping[str, float]


def _save(model: Member, history: "_History", place: _Place, *, step: int, speed: float) -> None:
    values = model.monitor()
    refuse_not_finite(values, step)
    refuse_diverged(values | {"step": step}, place.untrained, history.records)
    history.add(step, values | {"steps_per_second": round(speed, 3)}, model.pictures())
    _save_state(model, place, step)
    words = f"{place.folder}: step {step:,} of {place.max_steps:,}, {described(values)}"
    left = place.max_steps - step
    ending = f", {time_left(left, speed)} left of this member" if left else ""
    _LOG.info("%s, %.1f steps/s%s", words, speed, ending)
    in_second_half = [each for each in history.records if 2 * each["step"] >= place.max_steps]
    if is_collapsed(values) and len(in_second_half) == 1:
        _LOG.warning(
            "%s: by step %s its codes hold %.2g nats of an example: they say nothing about it. A"
            " smaller --beta may help",
            *(place.folder, f"{step:,}", values["rate"]),
        )


def _save_state(model: Member, place: _Place, step: int) -> None:
    state = model.state()
    refuse_not_finite(state, step)
    save_checkpoint(place.folder, step, state, place.keep)


class _History:
    """Writes history.jsonl, one line per checkpoint, and TensorBoard's events.

    Attributes:
        records: What was written, a record per checkpoint.
    """

    def __init__(self, folder: Path, events: Path, until_step: int):
        """Keeps the lines of an earlier start up to the step from which training resumes."""
        self._path = folder / "history.jsonl"
        records = read_history(self._path)
        self.records = [record for record in records if record["step"] <= until_step]
        self._writer = tf.summary.create_file_writer(str(events))

    def add(self, step: int, values: dict[str, float], pictures: dict[str, np.ndarray]) -> None:
        """Writes the numbers and pictures of one step."""
        self.records.append({"step": step} | values)
        write_text(self._path, "".join(json.dumps(record) + "\n" for record in self.records))
        with self._writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(name, value)
            for name, images in pictures.items():
                tf.summary.image(name, images, max_outputs=len(images))
        self._writer.flush()
