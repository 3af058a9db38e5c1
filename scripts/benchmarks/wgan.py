"""Critic updates per second of the WGAN's training, against its straightforward form."""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import numpy as np

from scripts.benchmarks.figure import Figure, interleaved_medians
from scripts.benchmarks.own_process import measured_apart
from tools.data.images.image_registry import load_images
from tools.run.options import PRESETS, settings_of_preset
from vae_wgan.settings.wgan_settings import WGANSettings

FIRST_STEP = 26  # the first step without additional critic updates


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument("--preset", choices=PRESETS, default="fast", help="default: %(default)s")
    parser.add_argument(
        "--steps", type=int, default=5, help="generator updates in a round; default: %(default)s"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Measures both forms in turn on training images of MNIST."""
    settings = settings_of_preset(WGANSettings, options.preset)
    images = load_images("mnist", "train", options.data_dir).examples
    forms = {
        "ours": (_our_rate, not settings.compile),
        "plain": (_plain_rate, False),
        "plain, oneDNN": (_plain_rate, True),
    }
    with ExitStack() as stack:
        contestants = {
            name: stack.enter_context(
                measured_apart(form, settings, images, options.steps, onednn=onednn)
            )
            for name, (form, onednn) in forms.items()
        }
        rates = interleaved_medians(contestants, options.repeats)
    ours = rates.pop("ours")
    for name, rate in rates.items():
        yield Figure(
            f"wgan.{options.preset}.critic_updates.against_{name.replace(', ', '_')}",
            ours,
            f"per second, with 1 update of the generator in {settings.Citers}",
            ratio=ours / rate,
            yardstick=f"Keras's layers, a Python call per update ({name}): {rate:.3f} per second",
        )


def critic_updates_per_second(train: Callable[[range], object], steps: int, updates: int) -> float:
    """Rate of a call that trains for `steps` steps of `updates` critic updates each."""
    started = time.perf_counter()
    train(range(FIRST_STEP, FIRST_STEP + steps))
    return steps * updates / (time.perf_counter() - started)


def _our_rate(settings: WGANSettings, images: np.ndarray, steps: int) -> Callable[[], float]:
    from vae_wgan.ensemble.devices import prepare_devices  # here: these load TensorFlow
    from vae_wgan.wgan.wgan_member import WGANMember

    prepare_devices(settings.cpus_per_member)
    member = WGANMember(settings, images.shape[1:], images[:64])
    member.initialize(settings.seed)
    return _rate_measure(partial(member.train_steps, images, settings.seed), steps, settings)


def _plain_rate(settings: WGANSettings, images: np.ndarray, steps: int) -> Callable[[], float]:
    from scripts.benchmarks.plain_wgan import PlainWGAN
    from vae_wgan.ensemble.devices import use_threads

    use_threads(settings.cpus_per_member)
    return _rate_measure(PlainWGAN(settings, images).train_steps, steps, settings)


def _rate_measure(
    train: Callable[[range], object], steps: int, settings: WGANSettings
) -> Callable[[], float]:
    train(range(FIRST_STEP, FIRST_STEP + 1))  # traced and compiled before the clock starts
    return partial(critic_updates_per_second, train, steps, settings.Citers)
