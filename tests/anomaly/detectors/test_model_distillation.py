import numpy as np
import pytest

from anomaly.detectors.model_distillation import ModelDistillation
from tiny_detectors import classifier, keras, model_distillation, rows


@pytest.mark.parametrize("temperature", [1.0, 0.5])
@pytest.mark.parametrize("loss_type", ["kld", "xent"])
def test_score_is_the_distance_of_the_two_predictions(loss_type, temperature):
    X = rows()
    detector = model_distillation(loss_type=loss_type, temperature=temperature)
    p, q = (m(X).numpy().astype(float) for m in (detector.model, detector.distilled_model))
    p = p ** (1 / temperature)
    p /= p.sum(axis=1, keepdims=True)
    cross_entropy = -(p * np.log(q)).sum(axis=1)
    entropy = -(p * np.log(p)).sum(axis=1)
    expected = cross_entropy if loss_type == "xent" else cross_entropy - entropy
    scores, y, y_distilled = detector.score(X, return_predictions=True)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(y, p, rtol=1e-5)
    np.testing.assert_allclose(y_distilled, q, rtol=1e-5)


def test_fitting_lowers_the_score_and_its_loss_is_the_mean_score():
    X, detector, losses = rows(), model_distillation(), []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda _, logs: losses.append(logs["loss"])
    )
    before = detector.score(X).mean()
    adam = keras.optimizers.Adam(0.01)
    detector.fit(X, epochs=20, batch_size=40, optimizer=adam, verbose=False, callbacks=[record])
    np.testing.assert_allclose(losses[0], before, rtol=1e-4)
    assert detector.score(X).mean() < before / 2


def test_the_data_are_preprocessed_in_training_only():
    X, detector = rows(), model_distillation()
    before, seen = detector.score(X), []
    detector.fit(X, epochs=1, verbose=False, preprocess_fn=lambda x: seen.append(x.shape[0]) or x)
    assert seen == [40]
    assert not np.array_equal(detector.score(X), before)
    assert seen == [40]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"loss_type": "mse"}, ValueError, "loss_type='mse': known are kld, xent"),
        ({"distilled_model": None}, TypeError, "distilled_model"),
        ({"model": None}, TypeError, "model"),
        ({"temperature": -1.0}, ValueError, "temperature"),
    ],
)
def test_bad_arguments_are_named(options, error, words):
    networks = {"model": classifier(), "distilled_model": classifier()}
    with pytest.raises(error, match=words):
        ModelDistillation(**networks | options)


def test_a_classifier_as_its_own_distilled_model_cannot_be_fitted():
    model = classifier()
    detector = model_distillation(model=model, distilled_model=model)
    np.testing.assert_allclose(detector.score(rows()), np.zeros(40), atol=1e-6)
    with pytest.raises(ValueError, match="no trainable weights"):
        detector.fit(rows(), verbose=False)
