"""Images per second in scoring, against the plain form of the same VAE at equal numbers."""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from scripts.benchmarks.compared_settings import compared_settings
from scripts.benchmarks.figure import Figure, interleaved_medians
from scripts.benchmarks.train import peak_figure
from tools.data.images.image_registry import load_images
from tools.run.seeds import normal_rows
from vae_wgan.settings.vae_settings import VAESettings

PLAIN_BATCH = 32  # as in training
Scores = dict[str, np.ndarray]


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument(
        "--images", type=int, default=256, help="images in a round; default: %(default)s"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """The speed of both forms in turn, on test images of MNIST, and the share of the peak.

    Raises:
        ChangedResultError: The forms do not give the same numbers.
    """
    from scripts.benchmarks.plain_vae import trained_vae
    from vae_wgan.ensemble.devices import prepare_devices

    images = load_images("mnist", "test", options.data_dir).examples[: options.images]
    settings = compared_settings("fast")
    prepare_devices(settings.cpus_per_member)
    training = load_images("mnist", "train", options.data_dir).examples
    vae = trained_vae(training, options.seed)
    yield from speed_figures(settings, vae, images, options)


def speed_figures(
    settings: VAESettings, vae: Any, images: np.ndarray, options: argparse.Namespace
) -> Iterator[Figure]:
    """The figures of these settings, once both forms of the VAE have given the same scores."""
    from scripts.benchmarks.machine_peak import peak_operations_per_second, scoring_operations
    from scripts.benchmarks.plain_vae import SCORES_IN_NATS, PlainVAE, check_nats
    from vae_wgan.vae.vae_member import VAEMember

    member, plain = VAEMember(settings, images.shape[1:], images[:1]), PlainVAE(vae, settings)
    member.network.set_weights(vae.get_weights())
    ids, noise_shape = np.arange(len(images)), (settings.n_samples, settings.latent_size)

    def ours() -> Scores:
        return member.score_likelihood(images, ids, options.seed)

    def theirs() -> Scores:
        noise = normal_rows(options.seed, ids, noise_shape).swapaxes(0, 1)
        parts = [slice(i, i + PLAIN_BATCH) for i in range(0, len(images), PLAIN_BATCH)]
        batches = [plain.score(images[part], noise[:, part]) for part in parts]
        return {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}

    expected = theirs()
    found = ours()
    for key in SCORES_IN_NATS:
        check_nats(key, found[key], expected[key])
    contestants = {
        "ours": _rate_measure(ours, len(images)),
        "plain": _rate_measure(theirs, len(images)),
        "peak": partial(peak_operations_per_second, settings.cpus_per_member),
    }
    medians = interleaved_medians(contestants, options.repeats)
    yield Figure(
        "score.speed",
        medians["ours"],
        f"images/s with {settings.n_samples} samples",
        ratio=medians["ours"] / medians["plain"],
        yardstick=f"plain form: {medians['plain']:.2f} images/s",
    )
    yield peak_figure("score", medians, scoring_operations(vae, settings.n_samples))


def _rate_measure(score: Callable[[], object], images: int) -> Callable[[], float]:
    def measure() -> float:
        started = time.perf_counter()
        score()
        return images / (time.perf_counter() - started)

    return measure
