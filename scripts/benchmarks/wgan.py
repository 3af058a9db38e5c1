"""Critic updates per second of the WGAN's training, against its straightforward form."""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial

from scripts.benchmarks.figure import Figure, interleaved_medians
from tools.data.registry import load_images
from tools.run.settings import PRESETS, settings_of_preset
from vae_wgan.wgan_settings import WGANSettings

FIRST_STEP = 26  # a usual one, after those with more updates of the critic


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument("--preset", choices=PRESETS, default="fast", help="default: %(default)s")
    parser.add_argument(
        "--steps", type=int, default=5, help="of the generator in a round; default: %(default)s"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The rates of both forms in turn, on the training images of MNIST."""
    from scripts.benchmarks.plain_wgan import PlainWGAN  # here: these load TensorFlow
    from vae_wgan.wgan_member import WGANMember

    settings = settings_of_preset(WGANSettings, options.preset)
    images = load_images("mnist", "train", options.data_dir).examples
    member = WGANMember(settings, images.shape[1:], images[:64])
    member.initialize(options.seed)
    train = {
        "ours": partial(member.train_steps, images, options.seed),
        "plain": PlainWGAN(settings, images).train_steps,
    }
    for steps in train.values():
        steps(range(FIRST_STEP, FIRST_STEP + 1))  # traced and compiled before the clock starts
    rates = interleaved_medians(
        {
            name: partial(critic_updates_per_second, steps, options.steps, settings.Citers)
            for name, steps in train.items()
        },
        options.repeats,
    )
    yield Figure(
        f"wgan.{options.preset}.critic_updates",
        rates["ours"],
        f"per second, with 1 update of the generator in {settings.Citers}",
        ratio=rates["ours"] / rates["plain"],
        yardstick=f"Keras's layers, a Python call per update: {rates['plain']:.3f} per second",
    )


def critic_updates_per_second(train: Callable[[range], object], steps: int, updates: int) -> float:
    """Rate of a call that trains for `steps` steps of `updates` critic updates each."""
    started = time.perf_counter()
    train(range(FIRST_STEP, FIRST_STEP + steps))
    return steps * updates / (time.perf_counter() - started)
