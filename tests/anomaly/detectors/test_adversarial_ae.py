import numpy as np
import pytest
import tensorflow as tf

from anomaly.detectors.adversarial_ae import AdversarialAE
from anomaly.machinery.detector_losses import balanced_squared_error
from tiny_detectors import (
    adversarial_ae,
    classifier,
    dense_networks,
    keras,
    layers,
    rows,
)


def kl(p, q):
    p, q = np.clip(p, 1e-7, 1), np.clip(q, 1e-7, 1)
    return (p * np.log(p / q)).sum(axis=1)


def sharpened(p, temperature):
    powers = p ** (1 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_score_is_the_divergence_of_predictions_plus_that_of_hidden_layers(temperature):
    X = rows()
    hidden = {"hidden_layer_kld": {1: 5}, "w_model_hl": [2.0]}
    detector = adversarial_ae(temperature=temperature, **hidden)
    p, q = (detector.model(part).numpy().astype(float) for part in (X, detector.ae(X)))
    h, h_recon = (detector.model_hl[0](part).numpy() for part in (X, detector.ae(X)))
    p = sharpened(p, temperature)
    scores, y, y_recon = detector.score(X, return_predictions=True)
    tolerance = {"rtol": 1e-4, "atol": 1e-7}
    np.testing.assert_allclose(scores, kl(p, q) + 2 * kl(h, h_recon), **tolerance)
    np.testing.assert_allclose(y, p, rtol=1e-5)
    np.testing.assert_allclose(y_recon, q, rtol=1e-5)
    for other in (kl(q, p) + 2 * kl(h, h_recon), kl(p, q) + 2 * kl(h_recon, h)):
        assert not np.allclose(scores, other, **tolerance)  # so each direction is seen


def test_hidden_models_are_fixed_projections_of_the_layers_output():
    model = classifier()
    detector = adversarial_ae(model=model, hidden_layer_kld={1: 5, 2: 2})
    layer_output = keras.Model(model.inputs[0], model.layers[1].output)(rows()).numpy()
    kernel, bias = detector.model_hl[0].layers[-1].get_weights()
    logits = layer_output @ kernel + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(detector.model_hl[0](rows()), expected, rtol=1e-4)
    assert detector.w_model_hl == [1.0, 1.0]
    before = [side_model.get_weights() for side_model in detector.model_hl]
    detector.fit(rows(), epochs=1, verbose=False, w_recon=0.5)
    for one, other in zip(before, detector.model_hl, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other.get_weights(), strict=True))


def test_given_hidden_models_win_over_layers():
    side_model = classifier()
    detector = adversarial_ae(model_hl=[side_model], hidden_layer_kld={1: 5}, w_model_hl=[0.5])
    assert detector.model_hl == [side_model]
    X = rows()
    p, q, h, h_recon = (
        model(part).numpy()
        for model in (detector.model, side_model)
        for part in (X, detector.ae(X))
    )
    np.testing.assert_allclose(
        detector.score(X), kl(p, q) + 0.5 * kl(h, h_recon), rtol=1e-3, atol=1e-6
    )


def test_the_loss_is_the_weighted_sum_that_the_document_says():
    X, logged = rows(16), []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _, logs: logged.append(logs["loss"])
    )
    hidden = {"hidden_layer_kld": {1: 5}, "w_model_hl": [2.0], "temperature": 0.5}
    detector = adversarial_ae(**hidden)
    scores, y, y_recon = detector.score(X, return_predictions=True)
    x_recon = detector.ae(X)
    error = balanced_squared_error(X, x_recon, tf.constant(kl(y, y_recon), tf.float32))
    expected = 3 * scores.mean() + 0.5 * float(error)
    detector.fit(
        X, w_model=3.0, w_recon=0.5, epochs=1, batch_size=16, verbose=False, callbacks=[record]
    )
    np.testing.assert_allclose(logged, [expected], rtol=1e-4)


def test_a_last_batch_of_one_row_leaves_the_weights_finite():
    detector = adversarial_ae()
    detector.fit(rows(129), epochs=2, batch_size=128, w_recon=1.0, verbose=False)
    assert all(np.all(np.isfinite(weights)) for weights in detector.ae.get_weights())


def test_a_regularizer_of_the_autoencoder_counts():
    X, norms = rows(), []
    for strength in (0.0, 1.0):
        networks = dense_networks()
        regularizer = keras.regularizers.L1(strength)
        dense = layers.Dense(2, kernel_regularizer=regularizer, kernel_initializer="ones")
        networks["encoder_net"] = keras.Sequential([keras.Input((4,)), dense])
        detector = adversarial_ae(**networks)
        detector.fit(X, epochs=10, optimizer=keras.optimizers.SGD(0.01), verbose=False)
        norms.append(np.abs(dense.get_weights()[0]).sum())
    assert norms[1] < norms[0] - 0.5


def test_fitting_lowers_the_score():
    X, detector = rows(200).astype(np.float64), adversarial_ae()
    before = detector.score(X).mean()
    adam = keras.optimizers.Adam(0.01)
    detector.fit(X, epochs=5, optimizer=adam, w_recon=0.01, verbose=False)
    assert detector.score(X).mean() < before


def test_a_loss_of_ones_own_takes_rows_and_reconstructions():
    X, detector = rows(200), adversarial_ae()
    before = np.mean((detector.ae(X) - X) ** 2)
    detector.fit(
        X.astype(np.float64),
        loss_fn=keras.losses.mse,
        epochs=5,
        optimizer=keras.optimizers.Adam(0.01),
        verbose=False,
    )
    assert np.mean((detector.ae(X) - X) ** 2) < before


def test_correct_takes_the_class_of_the_reconstruction_where_flagged():
    X, detector = rows(), adversarial_ae()
    detector.infer_threshold(X, threshold_perc=50, margin=1e-9)
    result = detector.correct(X)
    data = result["data"]
    keys = ["instance_score", "is_adversarial", "corrected", "no_defense", "defense"]
    assert list(data) == keys
    assert all(data[key].dtype == np.int64 for key in keys[1:])
    np.testing.assert_array_equal(data["no_defense"], detector.model(X).numpy().argmax(axis=1))
    defense = detector.model(detector.ae(X)).numpy().argmax(axis=1)
    np.testing.assert_array_equal(data["defense"], defense)
    expected = np.where(data["is_adversarial"], data["defense"], data["no_defense"])
    np.testing.assert_array_equal(data["corrected"], expected)
    assert data["is_adversarial"].sum() == 20
    short = detector.correct(X, return_instance_score=False, return_all_predictions=False)["data"]
    assert list(short) == keys
    assert short["instance_score"] is short["no_defense"] is short["defense"] is None
    assert detector.predict(X, return_instance_score=False)["data"]["instance_score"] is None
    with pytest.raises(ValueError, match="infer_threshold"):
        adversarial_ae().correct(X)


def test_a_margin_is_added():
    X, detector = rows(), adversarial_ae()
    detector.infer_threshold(X, threshold_perc=50, margin=0.5)
    np.testing.assert_allclose(detector.threshold, np.median(detector.score(X)) + 0.5, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"model": None}, TypeError, "model: must be a tf.keras.Model, is NoneType"),
        ({"encoder_net": None}, TypeError, "encoder_net"),
        ({"ae": 3}, TypeError, "ae"),
        ({"temperature": 0.0}, ValueError, "temperature"),
        ({"hidden_layer_kld": {9: 5}}, ValueError, "hidden_layer_kld.*3 layers"),
        ({"hidden_layer_kld": {1: 0}}, ValueError, "hidden_layer_kld"),
        ({"hidden_layer_kld": {1: 5}, "w_model_hl": [1.0, 2.0]}, ValueError, "w_model_hl"),
        ({"model_hl": ["net"]}, TypeError, "model_hl"),
        (dense_networks(code=3), ValueError, r"decoder_net: takes codes .*\(2,\).*\(3,\)"),
    ],
)
def test_bad_arguments_are_named(options, error, words):
    with pytest.raises(error, match=words):
        AdversarialAE(**{"model": classifier()} | dense_networks() | options)
