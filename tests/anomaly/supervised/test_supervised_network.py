import numpy as np
import pytest
import tensorflow as tf

from anomaly.supervised.supervised_network import (
    class_weights,
    fit_network,
    logits,
    supervised_network,
)

OPTIONS = {"learning_rate": 0.02, "batch_size": 32, "max_epochs": 60, "patience": 4}


def labelled(count=400, seed=0):
    rng = np.random.default_rng(seed)
    is_anomaly = (rng.random(count) < 0.1).astype(np.float32)
    rows = rng.normal(size=(count, 3)).astype(np.float32)
    rows[:, 0] += 5 * is_anomaly
    return rows, is_anomaly


@pytest.fixture(scope="module")
def fitted():
    tf.keras.utils.set_random_seed(0)
    network = supervised_network(3, hidden_units=(8, 8), dropout=0.3)
    epochs = fit_network(network, labelled(), labelled(seed=1), **OPTIONS)
    return network, epochs


def test_hidden_layers_have_relu_and_dropout_and_the_last_is_linear():
    network = supervised_network(3, hidden_units=(8, 4), dropout=0.3)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Dense", "Dropout", "Dense", "Dropout", "Dense"]
    functions = [layer.activation.__name__ for layer in network.layers[::2]]
    assert functions == ["relu", "relu", "linear"]


def test_weight_of_an_anomaly_is_the_root_of_the_ratio():
    assert class_weights(np.array([1.0] * 4 + [0.0] * 36)) == {0: 1.0, 1: 3.0}


def test_it_learns_and_stops_early(fitted):
    network, epochs = fitted
    rows, is_anomaly = labelled(seed=2)
    found = logits(network, rows)
    assert found.shape == (len(rows),)
    assert found[is_anomaly == 1].mean() > found[is_anomaly == 0].mean() + 3
    assert OPTIONS["patience"] < epochs < OPTIONS["max_epochs"]


def test_scores_are_logits_and_dropout_is_off(fitted):
    rows, _ = labelled(seed=2)
    found = logits(fitted[0], rows)
    assert found.min() < 0
    assert found.max() > 1
    np.testing.assert_array_equal(logits(fitted[0], rows), found)


def test_the_best_epoch_is_kept():
    """Validation labels are turned round: the longer it trains the worse it gets."""
    tf.keras.utils.set_random_seed(0)
    network = supervised_network(3, hidden_units=(8,), dropout=0.0)
    rows, is_anomaly = labelled(seed=1)
    precisions = []

    class Record(tf.keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            precisions.append(logs["val_precision_recall"])

    fit = network.fit
    network.fit = lambda *data, callbacks, **options: fit(
        *data, callbacks=[*callbacks, Record()], **options
    )
    fit_network(network, labelled(), (rows, 1 - is_anomaly), **OPTIONS)
    best = network.evaluate(rows, 1 - is_anomaly, verbose=0, return_dict=True)
    assert best["precision_recall"] == pytest.approx(max(precisions), abs=1e-4)
    assert max(precisions) > precisions[-1]
