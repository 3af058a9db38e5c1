import dataclasses
import json

import numpy as np
import pytest

from scripts.check_digits import digit_classifier, main, verdict
from tools.run.run_folder import RunFolder
from vae_wgan.settings.wgan_settings import WGANSettings


def test_the_verdict_counts_the_sure_ones_by_class():
    probabilities = np.array([[0.95, 0.05], [0.05, 0.95], [0.02, 0.98], [0.6, 0.4]])
    assert verdict(probabilities) == {"count": 4, "sure": 0.75, "classes": [1, 2]}


def test_the_verdict_of_none_that_is_sure():
    assert verdict(np.full((3, 10), 0.1)) == {"count": 3, "sure": 0.0, "classes": [0] * 10}


def test_the_classifier_learns_what_is_easy():
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=300)
    images = 0.1 * rng.random((300, 28, 28, 1), np.float32)
    for image, label in zip(images, labels, strict=True):
        image[2 * label : 2 * label + 4] = 1
    classifier = digit_classifier(images, labels, epochs=20, seed=0)
    assert np.mean(classifier.predict(images, verbose=0).argmax(axis=1) == labels) > 0.95


def test_a_folder_without_a_run_is_one_line_and_exit_code_2(tmp_path, capsys):
    assert main([str(tmp_path / "none")]) == 2
    assert "member 0" in capsys.readouterr().err


def test_a_run_on_other_images_is_refused(tmp_path, capsys):
    settings = WGANSettings(model_dir=str(tmp_path), train_dataset="fashion_mnist")
    RunFolder(tmp_path).update_manifest(settings=dataclasses.asdict(settings))
    assert main([str(tmp_path)]) == 2
    assert "a run on fashion_mnist; give one on mnist" in capsys.readouterr().err


@pytest.mark.slow
def test_a_real_run_is_checked(shared_data, tmp_path, capsys):
    from vae_wgan.kinds import kind_named
    from vae_wgan.run.run import Run

    settings = WGANSettings(
        model_dir=str(tmp_path / "run"),
        data_dir=str(shared_data),
        num_models=1,
        base_depth=2,
        max_steps=2,
        extra_steps=1,
        Citers_boosted=1,
        eval_size=20,
        bootstrap=0,
        ood_datasets=("uniform_noise",),
    )
    Run(kind_named("wgan"), settings, set()).execute()
    capsys.readouterr()
    flags = [f"--data_dir={shared_data}", "--count=50", "--epochs=1"]
    assert main([str(tmp_path / "run"), *flags]) == 0
    real, member = map(json.loads, capsys.readouterr().out.splitlines())
    assert real["accuracy"] > 0.95
    assert (member["images"], member["count"]) == ("member 0", 50)
