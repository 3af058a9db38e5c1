"""Runs end before anything is written where the networks cannot take the images."""

import numpy as np
import pytest

from input_errors import message_of
from vae_wgan.run import vae_experiment, wgan_experiment
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings


@pytest.mark.parametrize(
    ("experiment", "settings_class"),
    [(vae_experiment, VAESettings), (wgan_experiment, WGANSettings)],
)
def test_images_of_another_shape_are_refused(experiment, settings_class, tmp_path):
    np.save(tmp_path / "flat.npy", np.zeros((50, 28, 32), np.uint8))
    settings = settings_class(
        train_dataset=str(tmp_path / "flat.npy"),
        ood_datasets=("hflip",),
        model_dir=str(tmp_path / "run"),
    )
    message = message_of(experiment.run, settings, set())
    assert "--train_dataset" in message
    assert "28x32x1" in message
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]
