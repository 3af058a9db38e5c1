"""Images per second in training, against the plain form of the same VAE at equal settings."""

import argparse
import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any

import numpy as np

from scripts.benchmarks.compared_settings import compared_settings
from scripts.benchmarks.figure import Figure, interleaved_medians
from scripts.benchmarks.own_process import measured_apart
from tools.data.images.image_registry import load_images
from tools.run.kernels import use_onednn
from tools.run.options import PRESETS
from vae_wgan.settings.vae_settings import VAESettings

Speed = AbstractContextManager[Callable[[], float]]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument(
        "--presets", nargs="+", choices=PRESETS, default=("reference", "fast"), help="default: both"
    )
    parser.add_argument(
        "--compile", action=argparse.BooleanOptionalAction, help="default: as the preset has it"
    )
    parser.add_argument(
        "--seconds", type=float, default=5, help="of one form in a round; default: %(default)s"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The speed of both forms in turn, on the training images of MNIST, and the share of the peak.

    Raises:
        ChangedResultError: The forms do not give the same numbers.
    """
    images = load_images("mnist", "train", options.data_dir).examples
    use_onednn()
    from scripts.benchmarks.plain_vae import trained_vae  # here: it loads TensorFlow

    vae = trained_vae(images, options.seed)
    for preset in options.presets:
        settings = compared_settings(preset)
        if options.compile is not None:
            settings = dataclasses.replace(settings, compile=options.compile)
        speeds = speeds_apart(settings, images, options.seconds)
        yield from speed_figures(f"train.{preset}", settings, vae, images, speeds, options)


def speed_figures(
    name: str,
    settings: VAESettings,
    vae: Any,
    images: np.ndarray,
    speeds: tuple[Speed, Speed],
    options: argparse.Namespace,
) -> Iterator[Figure]:
    """The figures of these speeds, once both forms of the VAE have given the same numbers."""
    from scripts.benchmarks.machine_peak import peak_operations_per_second, training_operations
    from scripts.benchmarks.plain_vae import PlainVAE, check_training

    size, samples = settings.batch_size, settings.train_samples
    noise = np.random.default_rng(options.seed).standard_normal(
        (samples, size, settings.latent_size), np.float32
    )
    check_training(vae, PlainVAE(vae, settings), images[:size], noise, settings)
    with ExitStack() as stack:
        ours, plain = map(stack.enter_context, speeds)
        contestants = {
            "ours": ours,
            "plain": plain,
            "peak": partial(peak_operations_per_second, settings.cpus_per_member),
        }
        medians = interleaved_medians(contestants, options.repeats)
    unit = f"images/s, {size} a step, {samples} samples"
    yield Figure(
        f"{name}.speed",
        medians["ours"],
        unit,
        ratio=medians["ours"] / medians["plain"],
        yardstick=f"plain form: {medians['plain']:.2f} images/s",
    )
    yield peak_figure(name, medians, training_operations(vae, samples))


def speeds_apart(settings: VAESettings, images: np.ndarray, seconds: float) -> tuple[Speed, Speed]:
    """Images per second of training: ours as the command has it, and the plain form's."""
    arguments = (settings, images, seconds)
    return (
        measured_apart(_our_speed, *arguments, onednn=not settings.compile),
        measured_apart(_plain_speed, *arguments, onednn=False),
    )


def _our_speed(settings: VAESettings, images: np.ndarray, seconds: float) -> Callable[[], float]:
    from vae_wgan.ensemble.devices import prepare_devices
    from vae_wgan.vae.vae_member import VAEMember

    prepare_devices(settings.cpus_per_member)
    member = VAEMember(settings, images.shape[1:], images[: settings.batch_size])
    member.initialize(seed=0)
    return rate_measure(partial(member.train_steps, images, 0), settings.batch_size, seconds)


def _plain_speed(settings: VAESettings, images: np.ndarray, seconds: float) -> Callable[[], float]:
    from scripts.benchmarks.plain_vae import PlainVAE
    from vae_wgan.ensemble.devices import use_threads
    from vae_wgan.vae.vae_member import new_vae

    use_threads(settings.cpus_per_member)
    plain = PlainVAE(new_vae(settings, images.shape[1:], seed=0), settings)
    return rate_measure(partial(plain.train_steps, images, 0), settings.batch_size, seconds)


def rate_measure(train: Callable[[range], object], size: int, seconds: float) -> Callable:
    """A call that measures images per second of training, for about so many seconds.

    Args:
        train: Trains for a range of steps.
        size: Images in a step.
        seconds: About how long each call shall take; what is compiled, is compiled before.
    """
    train(range(1))
    started = time.perf_counter()
    train(range(1, 2))
    steps = max(1, round(seconds / (time.perf_counter() - started)))

    def measure() -> float:
        started = time.perf_counter()
        train(range(steps))
        return steps * size / (time.perf_counter() - started)

    return measure


def peak_figure(name: str, medians: dict[str, float], operations: int) -> Figure:
    """How near the operations come to the speed of one large matrix product.

    Args:
        name: Name of the measurement.
        medians: Images per second of "ours", operations per second of the "peak".
        operations: Per image.
    """
    speed = operations * medians["ours"]
    return Figure(
        f"{name}.operations",
        speed / 1e9,
        f"GFLOP/s, {operations / 1e6:.0f} MFLOP per image",
        ratio=speed / medians["peak"],
        yardstick=f"one large matrix product: {medians['peak'] / 1e9:.0f} GFLOP/s",
    )
