from functools import partial

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

from anomaly import elbo
from anomaly.detectors.outlier_vae import OutlierVAE
from anomaly.machinery.detector_base import row_noise
from tiny_detectors import dense_networks, keras, layers, outlier_vae, rows


def images(number=3):
    return np.random.default_rng(0).random((number, 8, 8, 3), np.float32)


def image_vae(**options):
    encoder = [keras.Input((8, 8, 3)), layers.Conv2D(4, 4, strides=2, padding="same")]
    decoder = [keras.Input((5,)), layers.Dense(4 * 4 * 2), layers.Reshape((4, 4, 2))]
    decoder += [layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="sigmoid")]
    networks = {
        "encoder_net": keras.Sequential(encoder),
        "decoder_net": keras.Sequential(decoder),
    }
    return OutlierVAE(latent_dim=5, samples=2, **networks | options)


def reconstructions_one_by_one(detector, X):
    """[row, sample, feature], each row alone and each draw by hand."""
    vae, found = detector.vae, []
    for row in X:
        noise = row_noise(detector.seed, row[None], (detector.samples, vae.latent_dim))[0]
        mean, log_variance = vae.encode(row[None])
        z = [mean[0] + tf.exp(log_variance[0] / 2) * draw for draw in noise]
        found.append([vae.decoder_net(one[None])[0].numpy() for one in z])
    return np.array(found)


@pytest.mark.parametrize("score_type", ["mse", "proba"])
def test_scores_are_means_over_the_draws_of_each_row(score_type):
    X = rows(9)
    detector = outlier_vae(score_type=score_type, sigma=0.2)
    distance = np.abs(X[:, None] - reconstructions_one_by_one(detector, X))
    by_draw = distance**2 if score_type == "mse" else scipy.special.erf(distance / 0.2 / 2**0.5)
    feature_score, instance_score = detector.score(X)
    np.testing.assert_allclose(feature_score, by_draw.mean(axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(instance_score, feature_score.mean(axis=1), rtol=1e-5)
    _, of_half = detector.score(X, outlier_perc=50)
    largest = np.sort(feature_score, axis=1)[:, 2:].mean(axis=1)
    np.testing.assert_allclose(of_half, largest, rtol=1e-5)


def test_public_feature_and_instance_scores_take_rows_repeated_one_after_the_other():
    X, detector = rows(5), outlier_vae(samples=2)
    repeated = np.repeat(X, 2, axis=0)
    shift = np.tile([[0.1], [0.3]], (5, 1)).astype(np.float32)
    scores = detector.feature_score(repeated, repeated + shift)
    np.testing.assert_allclose(scores, np.full((5, 4), (0.01 + 0.09) / 2), rtol=1e-4)
    np.testing.assert_allclose(detector.instance_score(scores, 25), np.full(5, 0.05), rtol=1e-4)


def test_feature_scores_of_bytes_are_those_of_their_numbers():
    X = np.array([[0, 1, 2, 255]], np.uint8)
    found = outlier_vae(samples=1).feature_score(X, np.float32([[0.5, 0.5, 2, 254]]))
    np.testing.assert_allclose(found, [[0.25, 0.25, 0, 1]])


def test_results_have_their_keys_in_order_types_and_shapes():
    X, detector = images(), image_vae(threshold=0.01)
    data = detector.predict(X)["data"]
    assert list(data) == ["instance_score", "feature_score", "is_outlier"]
    assert (data["instance_score"].shape, data["instance_score"].dtype) == ((3,), np.float32)
    assert (data["feature_score"].shape, data["feature_score"].dtype) == (X.shape, np.float32)
    assert (data["is_outlier"].shape, data["is_outlier"].dtype) == ((3,), np.int64)
    empty = detector.predict(
        X, outlier_type="feature", return_feature_score=False, return_instance_score=False
    )["data"]
    assert list(empty) == list(data)
    assert empty["instance_score"] is empty["feature_score"] is None
    assert empty["is_outlier"].shape == X.shape
    assert all(scores.dtype == np.float64 for scores in detector.score(X.astype(np.float64)))


def test_the_threshold_of_features_is_taken_over_all_of_them():
    X, detector = rows(), outlier_vae()
    detector.infer_threshold(X, outlier_type="feature", threshold_perc=75)
    assert detector.predict(X, outlier_type="feature")["data"]["is_outlier"].sum() == 40
    features, _ = detector.score(X)
    np.testing.assert_allclose(detector.threshold, np.percentile(features, 75), rtol=1e-5)


def test_instance_scores_do_not_rise_with_the_percentage():
    detector = outlier_vae()
    scores = [detector.score(rows(), outlier_perc=perc)[1] for perc in (1, 30, 60, 100)]
    assert np.all(np.diff(scores, axis=0) <= 1e-7)


def test_without_a_seed_one_is_drawn_once_and_follows_tensorflows_seed():
    weights, scores = [], []
    for seed in (0, 1, 0):
        tf.random.set_seed(seed)
        detector = outlier_vae(seed=None)
        weights.append(detector.vae._mean.get_weights()[0])
        scores.append(detector.score(rows())[1])
        np.testing.assert_array_equal(detector.score(rows())[1], scores[-1])
    np.testing.assert_array_equal(weights[0], weights[2])
    assert not np.allclose(weights[0], weights[1])
    assert not np.allclose(detector.vae(rows()).numpy(), detector.vae(rows()).numpy(), rtol=1e-4)


@pytest.mark.parametrize("seed", [None, 3])
def test_a_score_is_a_function_of_the_row(seed):
    X, detector = rows(), outlier_vae(seed=seed)
    features, instances = detector.score(X)
    order = np.random.default_rng(0).permutation(len(X))
    for found, expected in zip(detector.score(X[order]), (features, instances), strict=True):
        np.testing.assert_allclose(found, expected[order], rtol=1e-5)
    alone = [detector.score(row[None])[1][0] for row in X]
    np.testing.assert_allclose(alone, instances, rtol=1e-5)
    as_float64 = detector.score(np.asfortranarray(X.astype(np.float64)))[1]
    np.testing.assert_allclose(as_float64, instances, rtol=1e-5)


class Noise(layers.Layer):
    """Draws by TensorFlow, by a seed generator of its own, or by Keras' global one."""

    def __init__(self, source):
        super().__init__()
        self._source = source
        self._generator = keras.random.SeedGenerator(3)

    def call(self, x):
        shape = tf.shape(x)
        draws = {
            "tensorflow": lambda: tf.random.normal(shape),
            "generator": lambda: keras.random.normal(shape, seed=self._generator),
            "keras": lambda: keras.random.normal(shape),
        }
        return x + draws[self._source]()


@pytest.mark.parametrize("source", ["tensorflow", "generator", "keras"])
def test_a_seed_repeats_the_draws_of_a_foreign_vae_and_leaves_it_as_it_was(source):
    vae = keras.Sequential([keras.Input((4,)), Noise(source)])
    first, other = (outlier_vae(vae=vae, seed=seed).score(rows())[1] for seed in (5, 6))
    detector = outlier_vae(vae=vae, seed=5)
    state = [variable.numpy() for variable in vae.variables]
    vae(rows())
    for batch_size in (7, 1e10):
        np.testing.assert_array_equal(detector.score(rows(), batch_size=batch_size)[1], first)
    assert not np.allclose(first, other)
    if source != "generator":
        after = [variable.numpy() for variable in vae.variables]
        assert all(np.array_equal(a, b) for a, b in zip(state, after, strict=True))
    unseeded = outlier_vae(vae=vae, seed=None)
    np.testing.assert_array_equal(unseeded.score(rows())[1], unseeded.score(rows())[1])


def test_a_changed_attribute_changes_the_next_scores():
    X, detector = rows(), outlier_vae(samples=2)
    detector.score(X)
    detector.samples, detector.score_type = 5, "proba"
    expected = outlier_vae(samples=5, score_type="proba", vae=detector.vae).score(X)[0]
    np.testing.assert_array_equal(detector.score(X)[0], expected)


def test_training_follows_the_seed_and_lowers_the_loss():
    kernels, losses = [], []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _, logs: losses.append(logs["loss"])
    )
    networks = dense_networks()
    start = [network.get_weights() for network in networks.values()]
    for _ in range(2):
        for network, weights in zip(networks.values(), start, strict=True):
            network.set_weights(weights)
        detector = outlier_vae(**networks)
        detector.fit(
            rows(),
            epochs=30,
            optimizer=keras.optimizers.Adam(0.01),
            verbose=False,
            callbacks=[record],
        )
        kernels.append(detector.vae.get_weights())
    assert all(np.array_equal(one, two) for one, two in zip(*kernels, strict=True))
    assert np.mean(losses[25:30]) < np.mean(losses[:5])


@pytest.mark.parametrize("option", [{"sim": 0.1}, {"cov_diag": None}, {"cov_full": None}])
def test_fit_takes_every_covariance_and_float64(option):
    detector = outlier_vae()
    detector.fit(rows().astype(np.float64), loss_fn=elbo, cov_elbo=option, epochs=1, verbose=False)
    assert all(np.all(np.isfinite(weights)) for weights in detector.vae.get_weights())


@pytest.mark.parametrize("loss_fn", [partial(elbo, sim=0.1), keras.losses.MeanSquaredError()])
def test_a_loss_of_ones_own_may_be_a_partial_function_or_an_object(loss_fn):
    X, detector = rows(16), outlier_vae(beta=0.0)
    detector.vae._log_variance.set_weights([np.zeros((2, 2)), np.full(2, -60.0)])  # no spread
    expected, logged = float(loss_fn(tf.constant(X), detector.vae(X))), []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _, logs: logged.append(logs["loss"])
    )
    detector.fit(X, loss_fn=loss_fn, epochs=1, verbose=False, callbacks=[record])
    np.testing.assert_allclose(logged, [expected], rtol=1e-4)


def test_the_networks_of_the_document_fit_images():
    detector = image_vae()
    detector.fit(images(5), epochs=1, batch_size=2, verbose=False)
    assert detector.vae(images()).shape == (3, 8, 8, 3)


def test_a_foreign_vae_without_draws_is_compiled_once_and_follows_the_batch_size():
    sizes = []

    class Sizes(layers.Layer):
        def call(self, x):
            sizes.append(x.shape[0])
            return 2 * x

    detector = outlier_vae(vae=keras.Sequential([keras.Input((4,)), Sizes()]), samples=2)
    sizes.clear()
    for batch_size in (1e10, 7, 7):
        features, _ = detector.score(rows(), batch_size=batch_size)
        np.testing.assert_allclose(features, rows() ** 2, rtol=1e-5)
    assert len(sizes) == 2  # once to see that there are no draws, once for all calls


def test_feature_scores_follow_the_likelihood():
    difference = np.array([[-0.3, 0.0, 0.1, 2.0]])
    beyond = 2 * scipy.stats.norm.sf(np.abs(difference), scale=0.1)  # both tails
    detector = outlier_vae(samples=1, score_type="proba", sigma=0.1)
    found = detector.feature_score(difference, np.zeros((1, 4)))
    np.testing.assert_allclose(found, 1 - beyond, atol=1e-12)


@pytest.mark.parametrize(
    ("percentage", "count"), [(100, 100), (7, 7), (7.001, 8), (0.5, 1), (33, 33), (29, 29)]
)
def test_the_largest_scores_are_counted_robustly(percentage, count):
    scores = np.random.default_rng(0).permuted(np.tile(np.arange(100.0), (3, 1)), axis=1)
    expected = np.arange(100 - count, 100).mean()
    found = outlier_vae().instance_score(scores.reshape(3, 5, 20), percentage)
    np.testing.assert_allclose(found, [expected] * 3)


def test_shapes_that_do_not_fit_are_named_with_the_shape_that_is_wanted():
    detector = image_vae(threshold=1.0)
    for X, words in (
        (np.zeros((8, 8, 3)), r"X: wants an array \[row, 8, 8, 3\], has the shape \(8, 8, 3\)"),
        (np.zeros((2, 8, 8, 1)), r"X: rows have .*\(8, 8, 1\), should have \(8, 8, 3\)"),
        (np.zeros((2, 192)), r"give an array \[row, 8, 8, 3\]"),
        (np.zeros((0, 8, 8, 3)), r"X: is empty.*must be \[row, 8, 8, 3\]"),
    ):
        for call in (detector.predict, detector.fit):
            with pytest.raises((ValueError, TypeError), match=words):
                call(X)
    with pytest.raises(ValueError, match=r"should have \(8, 8, 3\)"):
        detector.fit(iter([np.zeros((2, 9, 9, 3), np.float32)]), verbose=False)
    with pytest.raises(ValueError, match="each row 2 times"):
        detector.feature_score(np.zeros((3, 4)), np.zeros((3, 4)))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"score_type": "mae"}, ValueError, "score_type='mae': known are mse, proba"),
        ({"samples": 0}, ValueError, "samples"),
        ({"sigma": 0.0}, ValueError, "sigma"),
        ({"beta": -1.0}, ValueError, "beta"),
        ({"seed": -1}, ValueError, "seed"),
        ({"latent_dim": None}, TypeError, "latent_dim"),
        ({"latent_dim": 3}, ValueError, "latent_dim=3"),
        ({"encoder_net": None}, TypeError, "encoder_net"),
        ({"decoder_net": "net"}, TypeError, "decoder_net"),
        ({"vae": "net"}, TypeError, "vae"),
    ],
)
def test_bad_arguments_are_named(options, error, words):
    with pytest.raises(error, match=words):
        OutlierVAE(**{"latent_dim": 2} | dense_networks() | options)


@pytest.mark.parametrize(
    ("call", "options", "words"),
    [
        ("predict", {"outlier_type": "pixel"}, "outlier_type"),
        ("infer_threshold", {"outlier_type": "pixel"}, "outlier_type"),
        ("score", {"outlier_perc": 0}, "outlier_perc"),
        ("predict", {"outlier_perc": 101}, "outlier_perc"),
        ("fit", {"cov_elbo": {"sim": 0.1, "cov_diag": None}}, "cov_elbo"),
        ("fit", {"cov_elbo": {"sim": 0}}, "sim"),
    ],
)
def test_bad_arguments_of_methods_are_named(call, options, words):
    with pytest.raises(ValueError, match=words):
        getattr(outlier_vae(threshold=1.0), call)(rows(), **options)
