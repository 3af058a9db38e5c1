"""Several GPUs at one member; processors take their part, in processes of their own."""

import sys

import numpy as np
import tensorflow as tf

from input_errors import message_of
from program import call
from repository_sources import SUPPORT
from vae_wgan.layers.replicas import Replicas


def outcome(devices, tmp_path):
    """What replica_trial.py writes."""
    path = tmp_path / f"{devices}.npz"
    result = call([sys.executable, SUPPORT / "replica_trial.py", devices, path])
    assert result.returncode == 0, result.stderr
    with np.load(path) as arrays:
        return dict(arrays)


def test_two_devices_train_the_weights_of_one(tmp_path):
    one, two = outcome(1, tmp_path), outcome(2, tmp_path)
    assert one.pop("share").tolist() == [0, 1]
    assert two.pop("share").tolist() == [1, 2]  # the mean of [0, 1] and [2, 3]
    assert one.keys() == two.keys()
    for key, expected in one.items():
        # Adam may take the sum's last digits for a gradient: by then a weight moves by its rate.
        np.testing.assert_allclose(two[key], expected, rtol=1e-3, atol=2e-3, err_msg=key)


def test_one_device_is_not_mirrored():
    replicas = Replicas(7)
    assert replicas.count == 1
    with replicas.scope():
        assert not tf.distribute.has_strategy()


def test_a_batch_that_gpus_cannot_share_is_refused(monkeypatch):
    gpus = [tf.config.LogicalDevice(f"/device:GPU:{index}", "GPU") for index in range(4)]
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: gpus)
    assert "--batch_size=6 cannot be cut in 4 equal shares" in message_of(Replicas, 6)
