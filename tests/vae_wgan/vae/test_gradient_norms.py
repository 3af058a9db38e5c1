import numpy as np
import pytest
import tensorflow as tf

from tools.scores.score_registry import GRADIENT_NORMS
from vae_wgan.vae.gradient_norms import log_gradient_norms, tensor_names
from vae_wgan.vae.vae import VAE, VAEArchitecture, mean_code_scores

IMAGES = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
ARCHITECTURES = {
    "flows": VAEArchitecture(latent_size=3, base_depth=2, n_flows=2),
    "mixture": VAEArchitecture(latent_size=3, base_depth=2, use_NF=False, mixture_components=4),
    "no flow": VAEArchitecture(latent_size=3, base_depth=2, n_flows=0),
    "one normal": VAEArchitecture(3, 2, use_NF=False, mixture_components=1),
    "two outputs": VAEArchitecture(3, 2, n_flows=1, likelihood="discretized_logistic"),
}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def vae(request):
    vae = VAE((28, 28, 1), ARCHITECTURES[request.param], seed=0)
    for index, weight in enumerate(vae.trainable_variables):  # those that start at 0 too
        noise = np.random.default_rng(index).normal(size=weight.shape)
        weight.assign_add(0.03 * noise.astype(np.float32))
    return vae


def squared_norms(vae, image):
    """By the definition: one image, one tape, one gradient after another."""
    with tf.GradientTape() as tape:
        loss = -mean_code_scores(vae, image[np.newaxis])["laplace"]
    return [np.sum(g.numpy() ** 2) for g in tape.gradient(loss, vae.trainable_variables)]


def test_they_are_those_of_each_image_by_itself(vae):
    found = log_gradient_norms(vae, IMAGES)
    expected = np.log([squared_norms(vae, image) for image in IMAGES])
    assert list(found) == tensor_names(vae)
    np.testing.assert_allclose(np.stack(list(found.values()), 1), expected, rtol=1e-3, atol=1e-3)


def test_every_trainable_tensor_has_a_name_of_its_own(vae):
    names = tensor_names(vae)
    assert len(set(names)) == len(vae.trainable_variables)
    assert all(name.startswith(GRADIENT_NORMS) and "/" not in name for name in names)


def test_a_gradient_of_zero_has_a_finite_logarithm():
    vae = VAE((28, 28, 1), ARCHITECTURES["flows"], seed=0)
    vae.decoder.get_layer("logits").kernel.assign(tf.zeros([5, 5, 2, 1]))
    norms = log_gradient_norms(vae, IMAGES[:1])
    (name,) = (name for name in norms if name.endswith("transposed0.kernel"))
    assert np.isfinite(norms[name]).all()
    assert norms[name][0] < -60
