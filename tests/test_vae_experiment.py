import numpy as np

from input_errors import message_of
from vae_wgan.vae_experiment import run
from vae_wgan.vae_settings import VAESettings


def test_images_that_the_networks_cannot_take_end_the_run_before_anything_is_written(tmp_path):
    np.save(tmp_path / "own.npy", np.zeros((40, 30, 30), np.uint8))
    settings = VAESettings(
        train_dataset=str(tmp_path / "own.npy"),
        ood_datasets=("uniform_noise",),
        model_dir=str(tmp_path / "run"),
    )
    assert "--train_dataset: own has 30x30x1 images" in message_of(run, settings, set())
    assert not list(tmp_path.glob("run/[!.]*"))
