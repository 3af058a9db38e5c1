"""What the number of images decides about a run of VAEs."""

import dataclasses

import pytest

from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.vae_kind import VAEKind

SETTINGS = VAESettings(model_dir="unused")


@pytest.mark.parametrize(("images", "steps"), [(30, 300), (140, 700), (600, 3000), (57_000, 3000)])
def test_few_images_are_trained_on_for_fewer_steps(images, steps):
    assert VAEKind().sized(SETTINGS, images).total_steps == steps


def test_steps_that_were_asked_for_are_kept():
    asked = dataclasses.replace(SETTINGS, max_steps=5001)
    assert VAEKind().sized(asked, 30) == asked
