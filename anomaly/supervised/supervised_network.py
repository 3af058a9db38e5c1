"""A dense network that learns from labelled anomalies: logits of being one."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

layers = tf.keras.layers
PREDICT_BATCH = 8192


def supervised_network(
    num_features: int, *, hidden_units: Sequence[int], dropout: float
) -> tf.keras.Model:
    """Network from rows [row, feature] to logits [row, 1]: ReLU and dropout after each layer."""
    hidden = [
        layer
        for units in hidden_units
        for layer in (layers.Dense(units, "relu"), layers.Dropout(dropout))
    ]
    return tf.keras.Sequential([layers.Input((num_features,)), *hidden, layers.Dense(1)])


def class_weights(is_anomaly: np.ndarray) -> dict[int, float]:
    """Weights {label: weight} of the loss: an anomaly counts sqrt(normal rows / anomalies) times.

    With full balance, where one row in a thousand is a fraud, each fraud would count a thousand
    times, and the few frauds that look normal would govern what is learned.
    """
    anomalies = is_anomaly.sum()
    return {0: 1.0, 1: float(np.sqrt((len(is_anomaly) - anomalies) / anomalies))}


def fit_network(
    network: tf.keras.Model,
    training: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    *,
    learning_rate: float,
    batch_size: int,
    max_epochs: int,
    patience: int,
) -> int:
    """Trains until the average precision on validation rows stops rising; returns the epochs.

    The network is left with the weights of its best epoch.

    Args:
        network: Network from `supervised_network`.
        training: Rows [row, feature] and labels [row], 1 = anomaly.
        validation: Rows and labels that decide when to stop.
        learning_rate: Learning rate of Adam.
        batch_size: Rows in a training step.
        max_epochs: Most epochs.
        patience: Epochs without improvement before training stops.
    """
    precision = tf.keras.metrics.AUC(curve="PR", from_logits=True, name="precision_recall")
    network.compile(
        tf.keras.optimizers.Adam(learning_rate),
        tf.keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[precision],
        jit_compile=True,
    )
    history = network.fit(
        *training,
        validation_data=validation,
        batch_size=batch_size,
        epochs=max_epochs,
        class_weight=class_weights(training[1]),
        callbacks=[
            tf.keras.callbacks.EarlyStopping(
                "val_precision_recall", patience=patience, mode="max", restore_best_weights=True
            )
        ],
        verbose=0,
    )
    return len(history.epoch)


def logits(network: tf.keras.Model, rows: np.ndarray) -> np.ndarray:
    """Logits [row] of being an anomaly; higher = more anomalous. Dropout is off."""
    return network.predict(rows, batch_size=PREDICT_BATCH, verbose=0)[:, 0]
