import numpy as np
import pytest
import tensorflow as tf

from anomaly.machinery.detector_networks import (
    AutoEncoder,
    VariationalAutoEncoder,
    checked_model,
    chosen_autoencoder,
    reconstructions,
    row_shape,
)
from tiny_detectors import dense_networks, keras, layers, rows


def vae(**options):
    return VariationalAutoEncoder(**dense_networks(code=3) | {"latent_dim": 2} | options)


def test_latent_loss_is_beta_times_the_mean_divergence_from_the_prior():
    network = vae(beta=3.0)
    mean, log_variance = (part.numpy().astype(float) for part in network.encode(rows()))
    network(rows())
    variance = np.exp(log_variance)
    by_dimension = 0.5 * (mean**2 + variance - 1 - log_variance)  # KL of two normals
    np.testing.assert_allclose(network.losses, [3 * by_dimension.mean()], rtol=1e-5)


def test_reconstructions_follow_the_noise_and_calls_draw_their_own():
    network, X = vae(seed=3), rows(5)
    noise = np.random.default_rng(0).normal(size=(5, 4, 2)).astype(np.float32)
    mean, log_variance = network.encode(X)
    z = mean[:, None] + tf.exp(log_variance / 2)[:, None] * noise
    expected = np.concatenate([network.decoder_net(codes) for codes in z])
    np.testing.assert_allclose(network.reconstruct(X, noise), expected, rtol=1e-5)
    many = network(np.repeat(X[:1], 20_000, axis=0)).numpy().mean(axis=0)
    also = network.reconstruct(X[:1], tf.random.stateless_normal([1, 20_000, 2], (1, 2)))
    np.testing.assert_allclose(many, np.mean(also, axis=0), atol=0.01)
    assert not np.array_equal(network(X), network(X))


def test_first_weights_and_draws_follow_the_seed():
    parts = dense_networks()
    first, same, other = (
        VariationalAutoEncoder(**parts, latent_dim=2, seed=seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first(rows()), same(rows()))
    assert not np.allclose(first(rows()), other(rows()))
    heads = [first._mean.get_weights()[0], first._log_variance.get_weights()[0]]
    assert not np.allclose(*heads)


def test_features_of_any_shape_are_flattened_and_weights_exist_before_a_call():
    encoder = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(5, 3, strides=2)])
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(192), layers.Reshape((8, 8, 3))])
    network = VariationalAutoEncoder(encoder, decoder, latent_dim=2)
    assert network.built
    assert len(network.trainable_variables) == 2 + 4 + 2
    assert row_shape(network) == (8, 8, 3)
    assert network(np.zeros((2, 8, 8, 3), np.float32)).shape == (2, 8, 8, 3)


@pytest.mark.parametrize("kind", [AutoEncoder, vae])
def test_networks_come_back_from_their_config(kind):
    network = kind(**dense_networks())
    again = type(network).from_config(network.get_config())
    again.set_weights(network.get_weights())
    parts = [each.decoder_net(each.encoder_net(rows())[:, :2]) for each in (network, again)]
    np.testing.assert_array_equal(*parts)
    assert again.get_config().keys() == network.get_config().keys()


def test_an_autoencoder_is_the_decoder_of_the_encoder():
    network = AutoEncoder(**dense_networks())
    expected = network.decoder_net(network.encoder_net(rows()))
    np.testing.assert_array_equal(network(rows()), expected)
    assert row_shape(network) == (4,)


def test_networks_that_do_not_fit_are_named():
    wrong_rows = dense_networks() | {
        "encoder_net": keras.Sequential([keras.Input((7,)), layers.Dense(2)])
    }
    for make in (AutoEncoder, vae):
        with pytest.raises(ValueError, match=r"decoder_net: gives rows .*\(4,\).*\(7,\)"):
            make(**wrong_rows)


def test_a_whole_model_wins_over_its_parts():
    given = AutoEncoder(**dense_networks())
    parts = {"encoder_net": None, "decoder_net": None}
    assert chosen_autoencoder("ae", given, AutoEncoder, parts) is given
    assert isinstance(chosen_autoencoder("ae", None, AutoEncoder, dense_networks()), AutoEncoder)
    assert checked_model("ae", given) is given


def test_a_foreign_vae_gets_repeated_rows():
    identity = keras.Sequential([keras.Input((4,)), layers.Identity()])
    found = reconstructions(identity, tf.constant(rows(3)), 2)
    np.testing.assert_array_equal(found, np.repeat(rows(3), 2, axis=0))
