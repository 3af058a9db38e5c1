"""Presets of the VAE's flags, and the rules that no single flag can check."""

import dataclasses

import pytest

from input_errors import message_of
from parsed_settings import parsed
from tools.scores.ensemble_statistics import SCORE_KEYS as ANALYSED_KEYS
from vae_wgan.settings.vae_settings import SCORE_KEYS, VAESettings

OF_2018 = {
    "learning_rate": 0.001,
    "beta": 1.0,
    "max_steps": 5001,
    "latent_size": 16,
    "base_depth": 32,
    "activation": "leaky_relu",
    "batch_size": 32,
    "n_samples": 16,
    "use_NF": True,
    "mixture_components": 100,
    "n_flows": 6,
    "start_at_mean": False,
    "elbo_threshold": 5.0,
    "analytic_kl": False,
    "viz_steps": 500,
    "delete_existing": False,
    "skip_train": False,
    "num_models": 5,
}


def parse(*arguments):
    return parsed(VAESettings, *arguments)[0]


def test_reference_has_the_defaults_of_2018():
    settings = dataclasses.asdict(parse("--preset=reference"))
    assert {name: settings[name] for name in OF_2018} == OF_2018


@pytest.mark.parametrize("preset", ["fast", "smoke", "reference"])
def test_own_images_have_a_headline_of_their_own_unless_scores_are_named(preset, tmp_path):
    (tmp_path / "photos.npz").touch()
    own, named = (f"--train_dataset={name}" for name in (tmp_path / "photos.npz", "mnist"))
    keys = parse(f"--preset={preset}", named).score_keys
    found = parse(f"--preset={preset}", own).score_keys
    assert found == ("combined_images", *keys, "local_residual", "local_likelihood")
    assert parse(own, "--score_keys=rate").score_keys == ("rate",)


def test_reference_trains_with_as_many_samples_as_it_scores():
    settings = parse("--preset=reference")
    assert settings.train_samples == settings.n_samples == 16


def test_fast_is_the_default_and_the_same_model():
    fast, reference = parse(), parse("--preset=reference")
    assert fast == parse("--preset=fast")
    for name in ("latent_size", "base_depth", "n_flows", "use_NF", "likelihood", "num_models"):
        assert getattr(fast, name) == getattr(reference, name)
    assert parse("--preset=smoke").total_steps < fast.total_steps < reference.total_steps


def test_the_likelihood_of_a_set_in_colour_is_of_256_values():
    assert parse("--train_dataset=cifar10").likelihood == "discretized_logistic"
    for name in ("mnist", "fashion_mnist", "."):
        assert parse(f"--train_dataset={name}").likelihood == "bernoulli"
    by_hand = parse("--train_dataset=cifar10", "--likelihood=bernoulli")
    assert by_hand.likelihood == "bernoulli"


def test_a_flag_by_hand_wins_over_the_preset():
    assert parse("--preset=reference", "--max_steps=7").max_steps == 7


@pytest.mark.parametrize("arguments", [[], ["--nouse_NF"], ["--mixture_components=1"],
                                       ["--nouse_NF", "--mixture_components=2"]])  # fmt: skip
def test_the_closed_form_of_the_rate_needs_the_standard_normal_prior(arguments):
    message = message_of(parse, "--analytic_kl", *arguments)
    assert message == "--analytic_kl needs --use_NF=False and --mixture_components=1"


def test_the_closed_form_of_the_rate_is_allowed_with_that_prior():
    assert parse("--analytic_kl", "--use_NF=False", "--mixture_components=1").analytic_kl


def test_an_unknown_data_set_lists_the_known_ones():
    message = message_of(parse, "--train_dataset=mnits")
    assert "--train_dataset=mnits" in message
    assert "mnist, fashion_mnist" in message
    message = message_of(parse, "--ood_datasets=hflip,fashion_mnits")
    assert "--ood_datasets=fashion_mnits" in message
    assert all(name in message for name in ("omniglot", "emnist_letters", "uniform_noise"))


def test_own_data_are_paths_that_exist(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"")
    settings = parse(f"--train_dataset={tmp_path / 'x.npz'}", f"--ood_datasets=y={tmp_path}")
    assert settings.ood_datasets == (f"y={tmp_path}",)
    assert settings.model_dir == "runs/vae-x-fast"
    assert "--ood_datasets" in message_of(parse, f"--ood_datasets=y={tmp_path / 'z.npz'}")
    assert parse(f"--ood_datasets={tmp_path}").ood_datasets == (str(tmp_path),)
    (tmp_path / "a b").mkdir()
    assert "NAME=PATH" in message_of(parse, f"--ood_datasets={tmp_path / 'a b'}")


def test_how_images_are_read_is_checked_before_they_are():
    options = parse("--image_size=36", "--fit=pad", "--value_range=-1,1").read_options
    assert (options.image_size, options.fit, options.value_range) == (36, "pad", (-1.0, 1.0))
    for flag in ("--image_size=30", "--image_size=24", "--fit=squeeze", "--test_dataset=nowhere"):
        assert flag in message_of(parse, flag)
    for values in ("1", "a,b", "1,1", "0,nan", "0,1,2"):
        assert "write LOW,HIGH" in message_of(parse, f"--value_range={values}")


def test_no_out_of_distribution_set_stands_alone():
    assert parse("--ood_datasets=none").ood_datasets == ("none",)
    assert "stands alone" in message_of(parse, "--ood_datasets=none,hflip")


def test_folders_are_filled_in_and_the_data_folder_is_the_variables(monkeypatch):
    monkeypatch.setenv("WAIC_DATA_DIR", "there")
    settings = parse("--preset=smoke", "--train_dataset=fashion_mnist")
    assert (settings.model_dir, settings.data_dir) == ("runs/vae-fashion_mnist-smoke", "there")
    settings = parse("--model_dir=a", "--data_dir=b")
    assert (settings.model_dir, settings.data_dir) == ("a", "b")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--score_keys="], ["--score_keys", "iwae"]),
        (["--corruptions=fog", "--severity="], ["--severity is empty", "1, 2, 3, 4, 5"]),
        (["--score_keys=iwae,logit"], ["--score_keys=logit", "posterior_stddev"]),
        (["--skip_train", "--delete_existing"], ["--skip_train", "--delete_existing"]),
        (["--n_samples=0"], ["--n_samples=0", "at least 1"]),
        (["--num_models=0"], ["--num_models=0", "at least 1"]),
        (["--learning_rate=0"], ["--learning_rate=0", "above 0"]),
        (["--beta=inf"], ["--beta=inf", "finite"]),
        (["--activation=step"], ["--activation=step", "leaky_relu"]),
        (["--elbo_threshold=-5"], ["--elbo_threshold=-5", "at least 0"]),
        (["--seed=-1"], ["--seed=-1", "at least 0"]),
        (["--pixel_noise=-0.1"], ["--pixel_noise=-0.1", "at least 0"]),
        (["--pixel_noise=1.1"], ["--pixel_noise=1.1", "at most 1"]),
        (["--background_rates="], ["--background_rates", "as .1,.2"]),
        (["--background_rates=.1,0"], ["--background_rates=.1,0", "above 0"]),
        (["--background_rates=1.5"], ["--background_rates=1.5", "at most 1"]),
        (["--background_rates=.1,nan"], ["--background_rates=.1,nan"]),
        (["--background_rates=many"], ["--background_rates=many"]),
    ],
)
def test_wrong_values_name_their_flag(arguments, words):
    message = message_of(parse, *arguments)
    assert all(word in message for word in words)


def test_every_score_that_is_made_can_be_analysed():
    assert set(SCORE_KEYS) <= ANALYSED_KEYS.keys()


@pytest.mark.parametrize(("images", "steps"), [(30, 300), (140, 700), (600, 3000), (57_000, 3000)])
def test_few_images_are_trained_on_for_fewer_steps(images, steps):
    assert parse().sized(images).total_steps == steps


def test_steps_that_were_asked_for_are_kept():
    asked = parse("--max_steps=5001")
    assert asked.sized(30) == asked


def test_a_pattern_of_groups_is_checked():
    assert parse(r"--groups=part(\d+)").groups == r"part(\d+)"
    assert "--groups=( is no regular expression" in message_of(parse, "--groups=(")
