import numpy as np
import pytest
import tensorflow as tf

from anomaly.machinery.detector_batches import ArrayBatches
from anomaly.machinery.detector_training import TrainingOptions, train
from tiny_detectors import adversarial_ae, classifier, keras, layers, model_distillation, rows

mse = keras.losses.mse


def linear(**options):
    return keras.Sequential([keras.Input((4,)), layers.Dense(4, use_bias=False, **options)])


def options(optimizer=keras.optimizers.SGD, epochs=1, **others):
    defaults = {"verbose": False, "log_metric": None, "callbacks": None}
    return TrainingOptions(**{"optimizer": optimizer, "epochs": epochs} | defaults | others)


def train_on(X, network, batch_size=8, loss_fn=mse, **others):
    train(network, loss_fn, ArrayBatches(X, batch_size, seed=0), options(**others))


def test_one_step_is_gradient_descent_on_the_mean_loss_plus_the_regularizer():
    X, network = rows(8), linear(kernel_regularizer=keras.regularizers.L2(0.1))
    kernel = network.get_weights()[0].astype(np.float64)
    gradient = 2 * X.T @ (X @ kernel - X) / X.size + 2 * 0.1 * kernel
    train_on(X, network, optimizer=keras.optimizers.SGD(0.5))
    np.testing.assert_allclose(network.get_weights()[0], kernel - 0.5 * gradient, rtol=1e-4)


def test_a_loss_by_row_and_a_mean_loss_train_alike():
    weights = []
    for loss_fn in (mse, keras.losses.MeanSquaredError()):
        network = linear(kernel_initializer="ones")
        train_on(rows(), network, loss_fn=loss_fn)
        weights.append(network.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-6)


class _Spy(layers.Layer):
    """Notes what it is told of training."""

    def __init__(self):
        super().__init__()
        self.told = set()

    def call(self, x, training=None):
        self.told.add(training)
        return x


def test_the_network_knows_that_it_is_trained_and_the_classifier_that_it_is_not():
    X, normalization = rows(), layers.BatchNormalization()
    inner = classifier()
    spies = [_Spy(), _Spy()]
    ae = keras.Sequential([keras.Input((4,)), spies[0], normalization, layers.Dense(4)])
    model = keras.Sequential([keras.Input((4,)), spies[1], layers.BatchNormalization(), inner])
    detector = adversarial_ae(ae=ae, model=model)
    moving_mean, classifier_weights = normalization.moving_mean.numpy(), model.get_weights()
    for spy in spies:
        spy.told.clear()
    detector.fit(X, epochs=1, verbose=False, w_recon=1.0)
    assert (spies[0].told, spies[1].told) == ({True}, {False})
    assert not np.allclose(moving_mean, normalization.moving_mean.numpy())
    after = zip(classifier_weights, model.get_weights(), strict=True)
    assert all(np.array_equal(one, other) for one, other in after)


def test_the_bar_shows_loss_and_metric_and_is_silent_if_asked(capsys):
    metric = keras.metrics.MeanSquaredError()
    train_on(rows(), linear(), epochs=2, log_metric=("error", metric), verbose=True)
    shown = capsys.readouterr().out
    assert "Epoch 2/2" in shown
    assert "loss_ma" in shown
    assert "error" in shown
    train_on(rows(), linear(), log_metric=("error", metric))
    assert capsys.readouterr().out == ""


def test_callbacks_are_called_stop_the_training_and_set_the_rate(tmp_path):
    calls = []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: calls.append((epoch, sorted(logs))),
        on_train_batch_end=lambda batch, logs: calls.append(batch),
        on_train_end=lambda logs: calls.append("end"),
    )
    callbacks = [
        record,
        keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e9, baseline=-1.0),
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.125),
        keras.callbacks.ModelCheckpoint(
            str(tmp_path / "{epoch}.weights.h5"), save_weights_only=True
        ),
        keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
        keras.callbacks.TensorBoard(str(tmp_path / "events")),
    ]
    optimizer = keras.optimizers.SGD()
    metric = ("error", keras.metrics.MeanSquaredError())
    network = linear()
    train_on(
        rows(), network, 20, optimizer=optimizer, epochs=9, callbacks=callbacks, log_metric=metric
    )
    # Early stopping allows two epochs: it looks for an improvement of the second over the first.
    logs = ["error", "loss"]
    assert calls == [0, 1, (0, logs), 0, 1, (1, logs), "end"]
    assert float(optimizer.learning_rate) == 0.125
    assert (tmp_path / "1.weights.h5").exists()
    assert getattr(network, "optimizer", None) is None


def test_an_optimizer_serves_two_networks():
    optimizer = keras.optimizers.Adam(0.01)
    for _ in range(2):
        train_on(rows(), linear(), optimizer=optimizer)
    train_on(rows(), linear(), optimizer="sgd")


def test_a_loss_that_is_not_finite_and_a_frozen_network_are_named():
    with pytest.raises(ValueError, match="loss is nan in epoch 1"):
        train_on(rows(), linear(), loss_fn=lambda x, y: tf.reduce_mean(y) * np.nan)
    network = classifier()
    network.trainable = False
    with pytest.raises(ValueError, match="no trainable weights"):
        train_on(rows(), network)


def test_preprocessing_makes_input_and_target_and_needs_no_graph():
    kept = []
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(logs))
    train_on(
        rows(8),
        linear(),
        loss_fn=lambda x, y: tf.reduce_mean(x + 0 * y),
        preprocess_fn=lambda batch: 0 * batch.numpy() + 3,
        callbacks=[record],
    )
    assert kept == [{"loss": 3.0}]


def test_large_networks_learn_by_the_same_steps(monkeypatch):
    weights = []
    for limit in (1, 2**60):
        monkeypatch.setattr("anomaly.machinery.detector_training.XLA_UPDATES", limit)
        network = linear(kernel_initializer="ones")
        train_on(rows(), network, optimizer=keras.optimizers.Adam)
        weights.append(network.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-5)


class _SumOfRows(keras.metrics.Sum):
    """What the rows of an epoch sum up to."""

    def update_state(self, target, output):
        super().update_state(target)


@pytest.mark.parametrize(
    "source",
    [
        lambda X: tf.data.Dataset.from_tensor_slices(X),
        lambda X: tf.data.Dataset.from_tensor_slices((X, np.zeros(len(X)))).batch(5),
        lambda X: (part for part in np.array_split(X, 4)),
        lambda X: lambda: iter(X),
    ],
    ids=["rows", "batches with labels", "generator", "function"],
)
@pytest.mark.parametrize("make", [adversarial_ae, model_distillation])
def test_fit_reads_streams_to_their_end_in_each_epoch(make, source):
    X, metric = rows(20), _SumOfRows()
    make().fit(source(X), epochs=2, batch_size=8, verbose=True, log_metric=("sum", metric))
    np.testing.assert_allclose(metric.result(), X.sum(), rtol=1e-5)
