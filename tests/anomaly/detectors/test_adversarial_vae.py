import numpy as np
import pytest
import tensorflow as tf

from anomaly import elbo
from anomaly.detectors.adversarial_vae import AdversarialVAE
from anomaly.machinery.detector_base import row_noise
from anomaly.machinery.detector_losses import kl_divergence
from tiny_detectors import adversarial_vae, dense_networks, keras, rows


def test_score_is_the_mean_divergence_over_the_draws_of_each_row():
    X, detector = rows(9), adversarial_vae()
    noise = row_noise(detector.seed, X, (detector.samples, 2))
    x_recon = detector.vae.reconstruct(X, noise)
    y = np.repeat(detector.model(X), detector.samples, axis=0)
    by_draw = np.reshape(kl_divergence(y, detector.model(x_recon)), (9, detector.samples))
    assert by_draw.std(axis=1).min() > 0
    np.testing.assert_allclose(detector.score(X), by_draw.mean(axis=1), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("cov_elbo", [None, {"sim": 0.05}])
def test_the_loss_is_divergence_plus_elbo(cov_elbo):
    X, logged = rows(16), []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _, logs: logged.append(logs["loss"])
    )
    detector = adversarial_vae()
    # Without spread the draws do not matter.
    detector.vae._log_variance.set_weights([np.zeros((2, 2)), np.full(2, -60.0)])
    x_recon = detector.vae(X)
    divergence = np.mean(kl_divergence(detector.model(X), detector.model(x_recon)))
    expected = 2 * divergence + 0.1 * float(elbo(tf.constant(X), x_recon, sim=0.05))
    options = {"w_model": 2.0, "w_recon": 0.1, "cov_elbo": cov_elbo}
    detector.fit(X, epochs=1, batch_size=16, verbose=False, callbacks=[record], **options)
    np.testing.assert_allclose(logged, [expected], rtol=1e-4)


@pytest.mark.parametrize("cov_elbo", [{"cov_full": None}, {"cov_diag": None}])
def test_covariances_from_the_data_train(cov_elbo):
    detector = adversarial_vae(beta=1.0)
    detector.fit(rows(), w_recon=1.0, cov_elbo=cov_elbo, epochs=1, verbose=False)
    assert all(np.all(np.isfinite(weights)) for weights in detector.vae.get_weights())


def test_a_covariance_that_is_not_used_is_not_made():
    constant = np.ones((16, 4), np.float32)
    options = {"cov_elbo": {"cov_full": None}, "epochs": 1, "verbose": False}
    adversarial_vae().fit(constant, **options)
    with pytest.raises(ValueError, match="constant"):
        adversarial_vae().fit(constant, w_recon=1.0, **options)
    with pytest.raises(ValueError, match="cov_elbo"):
        adversarial_vae().fit(constant, **options | {"cov_elbo": {"variance": 1}})


def test_predictions_have_two_keys_and_the_threshold_no_margin():
    X, detector = rows(), adversarial_vae()
    detector.infer_threshold(X)
    np.testing.assert_allclose(detector.threshold, np.percentile(detector.score(X), 95), rtol=1e-6)
    data = detector.predict(X, False)["data"]
    assert list(data) == ["instance_score", "is_adversarial"]
    assert data["instance_score"] is None
    assert data["is_adversarial"].dtype == np.int64
    assert data["is_adversarial"].sum() == 2


def test_without_a_model_the_error_names_it():
    with pytest.raises(TypeError, match="model"):
        AdversarialVAE(latent_dim=2, **dense_networks())
