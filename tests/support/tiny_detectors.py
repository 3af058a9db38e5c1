"""Detectors of four features and three classes that the tests of detectors share."""

import numpy as np
import tensorflow as tf

from anomaly import AdversarialAE, AdversarialVAE, ModelDistillation, OutlierVAE

keras = tf.keras
layers = tf.keras.layers


def rows(number=40, seed=0):
    return np.random.default_rng(seed).random((number, 4), np.float32)


def dense_networks(code=2, latent_dim=2):
    """Encoder and decoder with smooth random weights."""
    encoder = [keras.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(code)]
    decoder = [keras.Input((latent_dim,)), layers.Dense(5, "tanh"), layers.Dense(4, "sigmoid")]
    return {
        "encoder_net": keras.Sequential(encoder),
        "decoder_net": keras.Sequential(decoder),
    }


def classifier():
    """Of three classes, ending as the documents' classifiers do; confident enough to differ."""
    inputs = keras.Input((4,))
    hidden = layers.Dense(6, "tanh", kernel_initializer="random_normal")(inputs)
    outputs = layers.Dense(3, activation=tf.nn.softmax, kernel_initializer="glorot_normal")(hidden)
    return keras.Model(inputs, outputs)


def outlier_vae(**options):
    return OutlierVAE(latent_dim=2, **{"samples": 3, "seed": 1} | dense_networks() | options)


def probable_vae(**options):
    return outlier_vae(score_type="proba", sigma=0.3, **options)


def adversarial_ae(**options):
    return AdversarialAE(**{"model": classifier()} | dense_networks() | options)


def adversarial_ae_with_hidden_layer(**options):
    hidden = {"hidden_layer_kld": {1: 5}, "w_model_hl": [2.0], "temperature": 0.5}
    return adversarial_ae(**hidden | options)


def adversarial_vae(**options):
    given = {"model": classifier(), "samples": 3, "seed": 1} | dense_networks() | options
    return AdversarialVAE(latent_dim=2, **given)


def model_distillation(**options):
    return ModelDistillation(**{"model": classifier(), "distilled_model": classifier()} | options)


def cross_entropy_distillation(**options):
    return model_distillation(loss_type="xent", temperature=0.5, **options)


ALL_DETECTORS = [
    outlier_vae,
    probable_vae,
    adversarial_ae,
    adversarial_ae_with_hidden_layer,
    adversarial_vae,
    model_distillation,
    cross_entropy_distillation,
]


def trained_network(detector):
    """What `fit` changes."""
    names = ("vae", "ae", "distilled_model")
    return next(getattr(detector, name) for name in names if hasattr(detector, name))


def instance_scores(detector, X, **options):
    scores = detector.score(X, **options)
    return scores[1] if isinstance(scores, tuple) else scores
