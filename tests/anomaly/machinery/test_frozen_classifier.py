import copy

import numpy as np
import pytest

from anomaly import load_detector, save_detector
from anomaly.machinery.frozen_classifier import (
    FrozenModel,
    hidden_head,
    hidden_layer_model,
    joint_outputs,
)
from tiny_detectors import (
    adversarial_ae,
    adversarial_ae_with_hidden_layer,
    adversarial_vae,
    classifier,
    keras,
    layers,
    model_distillation,
    rows,
)


@keras.utils.register_keras_serializable(package="tests")
class SubclassedClassifier(keras.Model):
    """Its layers are attributes, one of them frozen by its owner."""

    def __init__(self, **options):
        super().__init__(**options)
        self.hidden = layers.Dense(6, "tanh", trainable=False)
        self.normalization = layers.BatchNormalization()
        self.head = layers.Dense(3, "softmax")

    def call(self, x, training=None):
        return self.head(self.normalization(self.hidden(x), training=training))


def functional():
    inputs = keras.Input((4,))
    hidden = layers.Dropout(0.5)(layers.Dense(6, "tanh", trainable=False)(inputs))
    return keras.Model(inputs, layers.Dense(3, "softmax")(hidden))


def sequential():
    hidden = [layers.Dense(6, "tanh", trainable=False), layers.BatchNormalization()]
    return keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(3, "softmax")])


def unbuilt():
    return keras.Sequential([layers.Dense(6, "tanh"), layers.Dense(3, "softmax")])


def flags(model):
    """Whether each layer and each weight can be trained."""
    flagged = [model, *model.layers, *model.weights]
    return [each.trainable for each in flagged]


def moved(model, network=None):
    """Whether the weights of a model change in training."""
    before = [weights.copy() for weights in model.get_weights()]
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(rows(), np.arange(40) % 3, epochs=1, verbose=0)
    return any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("make", [functional, sequential, SubclassedClassifier, unbuilt])
@pytest.mark.parametrize(
    "detect", [adversarial_ae, adversarial_vae, model_distillation], ids=lambda each: each.__name__
)
def test_the_callers_classifier_stays_as_it_was_at_every_moment(make, detect, tmp_path):
    model, X = make(), rows()
    model(X)
    trainable, weights = flags(model), model.get_weights()

    def looks_untouched(*_, **__):
        assert flags(model) == trainable
        assert all(np.array_equal(a, b) for a, b in zip(weights, model.get_weights(), strict=True))

    detector = detect(model=model)
    looks_untouched()
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=looks_untouched)
    detector.fit(X, epochs=1, batch_size=20, verbose=False, callbacks=[watch])
    looks_untouched()
    detector.infer_threshold(X)
    detector.predict(X)
    save_detector(detector, tmp_path)
    loaded = load_detector(tmp_path)
    looks_untouched()
    for one in (detector, loaded):
        assert not one.model.trainable
        assert one.model.layers
        assert not any(layer.trainable for layer in one.model.layers)
        assert one.model.trainable_weights == []
        np.testing.assert_array_equal(one.model.predict(X, verbose=0), model.predict(X, verbose=0))
    assert moved(copy.deepcopy(model))
    looks_untouched()
    assert moved(model)
    np.testing.assert_array_equal(detector.model(X), model(X))  # the view shares the weights


def test_a_view_has_the_attributes_of_its_original_and_is_always_in_inference():
    model = functional()
    view = FrozenModel(model)
    assert view.input_shape == (None, 4)
    assert view.name == model.name
    assert [each.name for each in view.layers] == [each.name for each in model.layers]
    np.testing.assert_array_equal(view.layers[-1].kernel, model.layers[-1].kernel)
    assert view.layers[-1].layers == []
    np.testing.assert_array_equal(view(rows(), training=True), model(rows(), training=False))
    assert view.get_layer(model.layers[1].name).original is model.layers[1]
    view.trainable = False
    with pytest.raises(ValueError, match="stays frozen"):
        view.trainable = True
    with pytest.raises(AttributeError):
        _ = view.no_such_thing


def test_a_view_is_saved_as_the_model_itself(tmp_path):
    view = adversarial_ae(model=sequential()).model
    view.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded, keras.Sequential)
    np.testing.assert_array_equal(loaded(rows()), view(rows()))


def test_another_classifier_can_be_put_in_its_place():
    detector, other = adversarial_ae(), classifier()
    before = detector.score(rows())
    detector.model = other
    assert detector.model.original is other
    assert not np.allclose(detector.score(rows()), before)
    assert adversarial_ae(model=detector.model).model is detector.model


def test_hidden_layers_are_views_too():
    detector = adversarial_ae_with_hidden_layer()
    assert not any(layer.trainable for layer in detector.model_hl[0].layers)
    assert all(layer.trainable for layer in detector.model.original.layers)


def test_layers_that_the_trained_network_shares_with_the_classifier_stay_as_they_are():
    model = classifier()
    shared = model.layers[1]
    ae = keras.Sequential([keras.Input((4,)), shared, layers.Dense(4)])
    detector = adversarial_ae(model=model, ae=ae)
    before = [ae.get_weights(), model.get_weights()]
    detector.fit(rows(), epochs=1, verbose=False)
    assert not np.array_equal(ae.layers[-1].get_weights()[0], before[0][2])
    assert all(np.array_equal(a, b) for a, b in zip(before[1], model.get_weights(), strict=True))


@pytest.mark.parametrize("sequential", [False, True])
def test_side_models_share_the_classifiers_pass(sequential):
    model = classifier()
    if sequential:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(6), layers.Dense(3, "softmax")])
    frozen = FrozenModel(model)
    side_models = [hidden_layer_model(frozen, -2, hidden_head(size)) for size in (2, 5)]
    found = joint_outputs(frozen, side_models)(rows())
    for output, each in zip(found, [model, *side_models], strict=True):
        np.testing.assert_allclose(output, each(rows()), rtol=1e-6)
    (alone,) = joint_outputs(frozen, [])(rows())
    np.testing.assert_array_equal(alone, model(rows()))
    assert all(layer.trainable for layer in model.layers)
    separate = joint_outputs(frozen, [classifier()])(rows())
    assert [output.shape for output in separate] == [(40, 3), (40, 3)]
