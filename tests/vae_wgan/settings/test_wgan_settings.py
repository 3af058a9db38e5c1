"""Presets of the WGAN's flags, and the rules that no single flag can check."""

import dataclasses

import pytest

from input_errors import message_of
from parsed_settings import parsed
from tools.scores.ensemble_statistics import SCORE_KEYS
from tools.scores.score_registry import FITTED_SCORES
from vae_wgan.settings.image_settings import ImageSettings
from vae_wgan.settings.wgan_settings import WGANSettings

OF_2018 = {
    "max_steps": 20001,
    "extra_steps": 4001,
    "z_dim": 128,
    "base_depth": 32,
    "networks": "reference",
    "learning_rate_decay": False,
    "activation": "leaky_relu",
    "batch_size": 64,
    "learning_rate_ger": 5e-5,
    "learning_rate_dis": 5e-5,
    "learning_rate_extra": 5e-5,
    "Citers": 5,
    "Citers_boosted": 100,
    "clamp_lower": -0.01,
    "clamp_upper": 0.01,
    "is_adam": False,
    "mode": "gp",
    "lam": 10.0,
    "skip_train": False,
    "train_dataset": "mnist",
    "num_models": 5,
}


def parse(*arguments):
    return parsed(WGANSettings, *arguments)[0]


def test_reference_has_the_defaults_of_2018():
    settings = dataclasses.asdict(parse("--preset=reference"))
    assert {name: settings[name] for name in OF_2018} == OF_2018


def test_fast_is_the_default_and_smaller():
    fast, reference = parse(), parse("--preset=reference")
    assert fast == parse("--preset=fast")
    assert (fast.num_models, fast.mode, fast.lam) == (5, "gp", 10.0)
    for name in ("max_steps", "extra_steps", "batch_size"):
        smoke = getattr(parse("--preset=smoke"), name)
        assert smoke < getattr(fast, name) < getattr(reference, name)


def test_weights_depend_on_every_setting_of_the_training():
    own = {field.name for field in dataclasses.fields(WGANSettings)}
    own -= {field.name for field in dataclasses.fields(ImageSettings)}
    shaping = {f.name for f in dataclasses.fields(WGANSettings) if f.metadata["shapes_members"]}
    assert shaping == own | {"seed", "base_depth", "activation", "precision", "fit"}


def test_the_folder_has_the_models_name():
    settings = parse("--preset=smoke", "--train_dataset=cifar10")
    assert settings.model_dir == "runs/wgan-cifar10-smoke"


def test_every_score_that_is_made_can_be_analysed():
    assert set(WGANSettings().score_keys) <= SCORE_KEYS.keys() | FITTED_SCORES.keys()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mode=wgan"], ["--mode=wgan", "gp, regular"]),
        (["--Citers=0"], ["--Citers=0", "at least 1"]),
        (["--Citers_boosted=0"], ["--Citers_boosted=0", "at least 1"]),
        (["--z_dim=0"], ["--z_dim=0", "at least 1"]),
        (["--extra_steps=0"], ["--extra_steps=0", "at least 1"]),
        (["--lam=-1"], ["--lam=-1", "at least 0"]),
        (["--learning_rate_ger=0"], ["--learning_rate_ger=0", "above 0"]),
        (["--learning_rate_dis=nan"], ["--learning_rate_dis=nan", "finite"]),
        (["--clamp_lower=0.1"], ["--clamp_lower=0.1", "--clamp_upper=0.01"]),
        (["--score_keys=iwae"], ["--score_keys=iwae", "extra_logit"]),
        (["--score_keys="], ["--score_keys", "extra_logit, logit"]),
        (["--train_dataset=cifar"], ["--train_dataset=cifar", "cifar10"]),
        (["--skip_train", "--delete_existing"], ["--skip_train", "--delete_existing"]),
    ],
)
def test_wrong_values_name_their_flag(arguments, words):
    message = message_of(parse, *arguments)
    assert all(word in message for word in words)
