"""What TensorFlow computes on."""

import tensorflow as tf


def device_name() -> str:
    """What TensorFlow computes on: the GPUs' names, or "CPU"."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus
    ]
    return ", ".join(names) or "CPU"
