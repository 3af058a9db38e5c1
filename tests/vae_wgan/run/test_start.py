"""Runs end before anything is written where the networks cannot take the images."""

import sys

import numpy as np
import pytest

from input_errors import message_of
from vae_wgan.kinds import kind_named
from vae_wgan.run.start import run, start


@pytest.mark.parametrize("name", ["vae", "wgan"])
def test_images_of_another_shape_are_refused(name, tmp_path):
    np.save(tmp_path / "flat.npy", np.zeros((50, 28, 32), np.uint8))
    kind = kind_named(name)
    settings = kind.settings_class(
        train_dataset=str(tmp_path / "flat.npy"),
        ood_datasets=("hflip",),
        model_dir=str(tmp_path / "run"),
    )
    message = message_of(run, kind, settings, set())
    assert "--train_dataset" in message
    assert "28x32x1" in message
    assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]


def story(kind, settings, given):
    told.append((kind.name, settings.num_models, given))


told = []


def test_an_entry_script_is_its_kind_of_model_and_a_story(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["wgan_run.py", "--num_models=3"])
    monkeypatch.setitem(sys.modules, "stories", sys.modules[__name__])
    start("wgan", "Words.", story="stories:story")
    assert told == [("wgan", 3, {"num_models"})]
