"""How the detectors of the documents are trained: data, classifier, networks and settings."""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from anomaly import AdversarialAE, AdversarialVAE, ModelDistillation, OutlierVAE, elbo
from anomaly.model_zoo import fetch_detector
from scripts.zoo_networks import ae_networks, classifier, distilled_classifier, vae_networks
from tools.data.images.image_registry import choose_rows, load_images, load_labels
from tools.run.seeds import child_seed

_LOG = logging.getLogger(__name__)
CLASSIFIER = "cnn"  # name of the classifier in the zoo
THRESHOLD_IMAGES = 2000  # images from which adversarial detectors infer their threshold
# Standard deviation of the noise in the training images of adversarial autoencoders: four times the
# largest change of an attack. Without it they learn to reproduce attacks: correction then restored
# 31 % of the accuracy on MNIST, not 61 %.
NOISE = {"mnist": 0.8, "cifar10": 0.12}


class Effort(NamedTuple):
    """How much is trained: images, epochs, and by how much the networks are thinned."""

    images: int
    classifier_epochs: int
    classifier_thin: int
    epochs: dict[str, int]
    thin: int


FULL = Effort(
    images=60_000,
    classifier_epochs=20,
    classifier_thin=1,
    epochs={"OutlierVAE": 50, "AdversarialAE": 50, "AdversarialVAE": 5, "ModelDistillation": 50},
    thin=1,
)
# For two cores: a minute or two per detector.
FAST = Effort(
    images=10_000,
    classifier_epochs=8,
    classifier_thin=2,
    epochs={"OutlierVAE": 5, "AdversarialAE": 6, "AdversarialVAE": 6, "ModelDistillation": 6},
    thin=4,
)


class LabelledImages(NamedTuple):
    """Images [image, height, width, channel] in [0, 1] and their classes, int [image]."""

    images: np.ndarray
    labels: np.ndarray


def load_labelled(
    dataset: str, split: str, data_dir: str, *, count: int, seed: int
) -> LabelledImages:
    """A seeded choice of at most `count` images of a split, with their classes."""
    chosen = choose_rows(
        load_images(dataset, split, data_dir), count, child_seed(seed, "rows of", split)
    )
    return LabelledImages(chosen.examples, load_labels(dataset, split, data_dir)[chosen.ids])


def start_training(dataset: str, options: argparse.Namespace) -> tuple[Effort, LabelledImages]:
    """Seeds TensorFlow; returns the effort that the flags ask for and its training images."""
    effort = FAST if options.fast else FULL
    tf.keras.utils.set_random_seed(options.seed)
    data = load_labelled(dataset, "train", options.data_dir, count=effort.images, seed=options.seed)
    return effort, data


def fetch_or_train(name: str, dataset: str, options: argparse.Namespace) -> Any:
    """Fetches the detector from --zoo, or trains it where no zoo is given."""
    if options.zoo:
        place = place_in_zoo(name, dataset)
        return fetch_detector(options.output / f"{dataset}-{name}", **place, zoo=options.zoo)
    effort, data = start_training(dataset, options)
    model = None if name == "OutlierVAE" else train_classifier(data, effort)
    return train_detector(name, dataset, data.images, model, effort)


def place_in_zoo(name: str, dataset: str) -> dict[str, str | None]:
    """Arguments of `fetch_detector` that name the detector's place in a zoo."""
    kind, model = ("outlier", None) if name == "OutlierVAE" else ("adversarial", CLASSIFIER)
    return {"detector_type": kind, "dataset": dataset, "detector_name": name, "model": model}


def train_classifier(data: LabelledImages, effort: Effort) -> tf.keras.Model:
    """Trains the classifier that is to be defended."""
    model = classifier(data.images.shape[1:], effort.classifier_thin)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(*data, batch_size=128, epochs=effort.classifier_epochs, verbose=_verbose())
    return model


def train_detector(
    name: str, dataset: str, images: np.ndarray, model: tf.keras.Model | None, effort: Effort
) -> Any:
    """A fitted detector with its threshold.

    Args:
        name: A key of RECIPES.
        dataset: Name of the data set.
        images: Normal images of the data set.
        model: The classifier; an OutlierVAE has none.
        effort: How much to train.
    """
    started = time.perf_counter()
    detector = RECIPES[name](dataset, images, model, effort)
    _LOG.info("%s trained in %.0f s", name, time.perf_counter() - started)
    return detector


def _outlier_vae(dataset: str, images: np.ndarray, model: None, effort: Effort) -> OutlierVAE:
    latent_dim = 1024 // effort.thin
    encoder, decoder = vae_networks(images.shape[1:], latent_dim, effort.thin)
    detector = OutlierVAE(
        threshold=0.015,
        score_type="mse",
        encoder_net=encoder,
        decoder_net=decoder,
        latent_dim=latent_dim,
        samples=2,
    )
    detector.fit(
        images,
        loss_fn=elbo,
        cov_elbo={"sim": 0.05},
        epochs=effort.epochs["OutlierVAE"],
        verbose=_verbose(),
    )
    return detector


def _adversarial_ae(
    dataset: str, images: np.ndarray, model: tf.keras.Model, effort: Effort
) -> AdversarialAE:
    encoder, decoder = ae_networks(images.shape[1:], effort.thin, NOISE[dataset])
    detector = AdversarialAE(encoder_net=encoder, decoder_net=decoder, model=model)
    detector.fit(images, epochs=effort.epochs["AdversarialAE"], verbose=_verbose())
    detector.infer_threshold(images[:THRESHOLD_IMAGES], threshold_perc=95)
    return detector


def _adversarial_vae(
    dataset: str, images: np.ndarray, model: tf.keras.Model, effort: Effort
) -> AdversarialVAE:
    encoder, decoder = vae_networks(images.shape[1:], 50, effort.thin, NOISE[dataset])
    detector = AdversarialVAE(
        encoder_net=encoder, decoder_net=decoder, model=model, latent_dim=50, samples=10
    )
    detector.fit(images, epochs=effort.epochs["AdversarialVAE"], verbose=_verbose())
    detector.infer_threshold(images[:THRESHOLD_IMAGES], threshold_perc=95)
    return detector


def _model_distillation(
    dataset: str, images: np.ndarray, model: tf.keras.Model, effort: Effort
) -> ModelDistillation:
    detector = ModelDistillation(
        distilled_model=distilled_classifier(images.shape[1:], effort.thin),
        model=model,
        temperature=0.25,  # at 1, harmless scores are the higher where a classifier is unsure
    )
    detector.fit(images, epochs=effort.epochs["ModelDistillation"], verbose=_verbose())
    detector.infer_threshold(images[:THRESHOLD_IMAGES], threshold_perc=95)
    return detector


def _verbose() -> bool:
    """Whether to show progress bars: on terminals only."""
    return sys.stdout.isatty()


RECIPES: dict[str, Callable[[str, np.ndarray, Any, Effort], Any]] = {
    "OutlierVAE": _outlier_vae,
    "AdversarialAE": _adversarial_ae,
    "AdversarialVAE": _adversarial_vae,
    "ModelDistillation": _model_distillation,
}
