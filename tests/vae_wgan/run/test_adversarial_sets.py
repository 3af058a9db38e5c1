import numpy as np
import tensorflow as tf

from fake_model import made_up_set
from tools.run.checkpoints import save_checkpoint
from vae_wgan.run.adversarial_sets import adversarial_sets


class Brightest:
    """Takes bright images for normal, or dark ones, as its state says."""

    def load_state(self, arrays):
        self.sign = float(arrays["sign"])

    def normality(self, images):
        return self.sign * tf.reduce_sum(images, axis=(1, 2, 3))


class Settings:
    adversarial_epsilon = 0.25
    adversarial_steps = 1
    compile = False


def test_noise_and_test_images_are_moved_and_keep_their_ids(tmp_path):
    checkpoint = tmp_path / "0"
    save_checkpoint(checkpoint, 1, {"sign": np.array(-1.0)})
    sets = [made_up_set(name, 5, first_id=9) for name in ("uniform_noise", "digits")]
    checkpoints = checkpoint.glob("checkpoint*")
    found = list(adversarial_sets(Brightest(), next(checkpoints), sets, Settings()))
    assert [moved.name for moved in found] == ["adv_uniform_noise", "adv_digits"]
    for moved, before in zip(found, sets, strict=True):
        expected = (before.examples - 0.25).clip(0, 1)
        np.testing.assert_allclose(moved.examples, expected, atol=1e-6)
        np.testing.assert_array_equal(moved.ids, before.ids)
        assert moved.checksum != before.checksum
