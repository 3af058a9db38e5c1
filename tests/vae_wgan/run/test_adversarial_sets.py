from types import SimpleNamespace

import numpy as np

from fake_model import FakeModel, made_up_set
from input_errors import message_of
from vae_wgan.run.adversarial_sets import adversarial_sets

SETTINGS = SimpleNamespace(adversarial_epsilon=0.25, adversarial_steps=1, compile=False)
SETS = [made_up_set(name, 5, first_id=9) for name in ("uniform_noise", "digits")]


class Darkener(FakeModel):
    """Takes dark images for normal."""

    def more_normal(self, images, *, epsilon, steps, compile):
        assert (steps, compile) == (1, False)
        return (images - epsilon).clip(0, 1)


def test_noise_and_test_images_are_moved_and_keep_their_ids():
    found = list(adversarial_sets(Darkener(), SETS, SETTINGS))
    assert [moved.name for moved in found] == ["adv_uniform_noise", "adv_digits"]
    for moved, before in zip(found, SETS, strict=True):
        expected = (before.examples - 0.25).clip(0, 1)
        np.testing.assert_allclose(moved.examples, expected, atol=1e-6)
        np.testing.assert_array_equal(moved.ids, before.ids)
        assert moved.checksum != before.checksum


def test_a_model_without_a_gradient_is_named():
    message = message_of(lambda: list(adversarial_sets(FakeModel(), SETS, SETTINGS)))
    assert message == "--adversarial: FakeModel has no score with a gradient"
