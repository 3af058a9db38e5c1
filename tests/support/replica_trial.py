"""A program: trains a VAE and a WGAN on as many devices as its argument says, and prints weights.

Processors take the part of GPUs: TensorFlow must be told of them before it computes anything.
"""

import sys

import numpy as np
import tensorflow as tf

from vae_wgan.layers.replicas import Replicas
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.vae.vae_member import VAEMember
from vae_wgan.wgan.wgan_member import WGANMember


def main(count: int, path: str) -> None:
    """Writes the state of both members after a few steps, and a score, to an .npz file."""
    processor = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(processor, parts)
    devices = tf.config.list_logical_devices("CPU")
    tf.config.list_logical_devices = lambda kind: devices

    small = {
        "preset": "smoke",
        "base_depth": 2,
        "batch_size": 6,
        "compile": False,
        "activation": "tanh",
    }
    images = np.random.default_rng(0).random((12, 28, 28, 1)).astype(np.float32)
    of_vae = VAESettings(n_flows=1, train_samples=2, processor="any", **small)
    vae = VAEMember(of_vae, (28, 28, 1), images[:4])
    found = trained(vae, "vae", images, 3)
    for mode in ("gp", "regular"):
        settings = WGANSettings(max_steps=2, extra_steps=2, Citers_boosted=2, mode=mode, **small)
        found |= trained(WGANMember(settings, (28, 28, 1), images[:4]), mode, images, 4)
    found["share"] = shares_of(count)
    np.savez(path, **found)


def shares_of(count: int) -> np.ndarray:
    """Mean over the devices of what each takes of a batch."""
    replicas = Replicas(2 * count)
    batch = tf.range(2.0 * count)
    return tf.function(lambda: replicas.update(lambda: replicas.share(batch)))().numpy()


def trained(member, name: str, images: np.ndarray, steps: int) -> dict[str, np.ndarray]:
    """Trains in two parts, the second from the saved state; the state and scores by name."""
    member.initialize(1)
    member.train_steps(images, 5, range(steps - 1))
    state = member.state()
    member.initialize(2)
    member.load_state(state)
    losses = member.train_steps(images, 5, range(steps - 1, steps))
    scores = member.score(images[:3], np.arange(3), 0) | member.monitor() | losses
    return {f"{name}/{key}": value for key, value in (member.state() | scores).items()}


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
