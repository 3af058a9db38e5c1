"""Seconds of training until `--preset=fast` is as good as the reference preset after some steps.

Quality is the importance-weighted log likelihood (IWAE) of 1,000 test images with 16 samples. The
test images measure only: nothing is chosen by them. Two ratios tell where the gain comes from: that
to the reference preset trained by the same code is the recipe's, that to its plain form holds the
implementation's too.
"""

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from scripts.benchmarks.compared_settings import compared_settings
from scripts.benchmarks.figure import Figure
from scripts.benchmarks.train import speeds_apart
from tools.data.images.image_registry import load_images
from tools.errors import InputError
from tools.files.whole_files import parse_json, write_json
from tools.run.kernels import use_onednn
from tools.run.seeds import child_seed
from vae_wgan.data.image_data import MONITORED_IMAGES, split_calibration

STEPS = (300, 1000)  # training steps of the reference preset
TEST_IMAGES = 1000
EVERY = 50  # steps between two measurements of the quality, or
SHARE = 0.05  # this share of the steps so far, if that is more
MARGIN = 3  # nats below the target, on monitored images, from which test images are scored
_ELSEWHERE = {"data_dir", "model_dir"}  # settings that change nothing
ROUND = 5  # seconds of each form of the reference preset after a seed


class Data(NamedTuple):
    """Images [image, height, width, channel] for training, for monitoring it, and for the test."""

    training: np.ndarray
    held_out: np.ndarray
    test: np.ndarray


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2), help="default: 0 1 2")
    parser.add_argument(
        "--reference_run",
        type=Path,
        help="file that keeps what the reference preset reaches, which takes long to train; made "
        "when missing",
    )
    parser.add_argument(
        "--max_steps",
        type=int,
        default=compared_settings("fast").total_steps,
        help="steps over which the fast preset's learning rate falls; default: %(default)s",
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The median time over the seeds for each aim, as multiples of the reference preset's speed.

    Raises:
        InputError: The fast preset does not reach an aim.
    """
    use_onednn()  # for the reference preset, as the command has it
    from vae_wgan.ensemble.devices import prepare_devices  # here: it loads TensorFlow

    reference = compared_settings("reference")
    prepare_devices(reference.cpus_per_member)
    data = _data(options)
    aims = aims_of(_new_member, data, options)
    seconds, images_per_second = [], []
    with ExitStack() as stack:
        speeds = list(map(stack.enter_context, speeds_apart(reference, data.training, ROUND)))
        for seed in options.seeds:
            member = _new_member("fast", data, seed, max_steps=options.max_steps)
            seconds.append(seconds_until(aims, member, data, seed, options.max_steps))
            images_per_second.append([speed() for speed in speeds])
    speeds = dict(zip(("our", "plain"), np.median(images_per_second, axis=0), strict=True))
    yield from quality_figures(aims, seconds, speeds, reference.batch_size, options.max_steps)


def quality_figures(
    aims: Mapping[int, float],
    seconds: Sequence[Mapping[int, float]],
    speeds: Mapping[str, float],
    batch_size: int,
    max_steps: int,
) -> Iterator[Figure]:
    """Two figures for each aim, one for each form of the reference preset.

    Args:
        aims: Test IWAE in nats by the reference preset's steps.
        seconds: For each seed, seconds until each aim that was reached.
        speeds: Images per second of the reference preset in "our" and in "plain" form.
        batch_size: Images in a step of the reference preset.
        max_steps: Steps of the fast preset, for the message.

    Raises:
        InputError: An aim was not reached with each seed.
    """
    for steps, aim in aims.items():
        if not all(steps in times for times in seconds):
            raise InputError(f"--max_steps={max_steps}: the fast preset stays below {aim:.2f} nats")
        value = statistics.median(times[steps] for times in seconds)
        for name, form in (("recipe", "our"), ("recipe_and_form", "plain")):
            needed = steps * batch_size / speeds[form]
            yield Figure(
                f"time_to_quality.{steps}.{name}",
                value,
                f"s of training to a test IWAE of {aim:.2f} nats; seeds: {len(seconds)}",
                ratio=needed / value,
                yardstick=f"{steps} steps of the reference preset, {form} form: {needed:.0f} s",
            )


def _data(options: argparse.Namespace) -> Data:
    rows = load_images("mnist", "train", options.data_dir)
    training, calibration = split_calibration(rows, options.seed)
    test = load_images("mnist", "test", options.data_dir).examples[:TEST_IMAGES]
    return Data(training.examples, calibration.examples[:MONITORED_IMAGES], test)


def _new_member(preset: str, data: Data, seed: int, **changed: int) -> Any:
    """A member with new weights, its training step compiled."""
    from vae_wgan.vae.vae_member import VAEMember

    settings = dataclasses.replace(compared_settings(preset), **changed)
    member = VAEMember(settings, data.training.shape[1:], data.held_out)
    member.train_steps(data.training, seed, range(1))
    member.initialize(child_seed(seed, "weights"))
    return member


def _test_iwae(member: Any, data: Data) -> float:
    return float(member.score(data.test, np.arange(len(data.test)), seed=0)["iwae"].mean())


def aims_of(
    new_member: Callable[[str, Data, int], Any], data: Data, options: argparse.Namespace
) -> dict[int, float]:
    """Test IWAE of the reference preset by its steps, from the file if it is there."""
    path = options.reference_run
    settings = dataclasses.asdict(compared_settings("reference"))
    made_by = {name: settings[name] for name in sorted(settings) if name not in _ELSEWHERE}
    made_by["seed"] = options.seed
    if path is not None and path.exists():
        saved = parse_json(path.read_text("utf-8"))
        if saved["settings"] != json.loads(json.dumps(made_by)):
            raise InputError(f"--reference_run={path} is of other settings; name another file")
        return {int(steps): iwae for steps, iwae in saved["iwae"].items()}
    member, done, aims = new_member("reference", data, options.seed), 0, {}
    for steps in STEPS:
        member.train_steps(data.training, options.seed, range(done, steps))
        done, aims[steps] = steps, _test_iwae(member, data)
    if path is not None:
        write_json(path, {"settings": made_by, "iwae": aims})
    return aims


def seconds_until(
    aims: Mapping[int, float], member: Any, data: Data, seed: int, max_steps: int
) -> dict[int, float]:
    """Seconds of the member's training until each aim, without those of measuring its quality."""
    done, seconds, reached = 0, 0.0, {}
    while done < max_steps and len(reached) < len(aims):
        steps = range(done, min(max_steps, done + max(EVERY, int(SHARE * done))))
        started = time.perf_counter()
        member.train_steps(data.training, seed, steps)
        seconds += time.perf_counter() - started
        done = steps.stop
        missing = {of: aim for of, aim in aims.items() if of not in reached}
        if member.monitor()["iwae"] >= min(missing.values()) - MARGIN:
            iwae = _test_iwae(member, data)
            reached |= {of: seconds for of, aim in missing.items() if iwae >= aim}
    return reached
