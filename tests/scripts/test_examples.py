"""The examples' and the zoo's functions on tiny networks and images; whole examples are slow."""

import argparse
import json
import re

import numpy as np
import pytest

from scripts import train_zoo, zoo_recipes
from scripts.examples import adversarial_ae, adversarial_vae, model_distillation, outlier_vae
from scripts.examples.defence import Defence, defence_table, defence_text, recovered_share
from scripts.zoo_networks import ae_networks, strides_of, vae_networks
from scripts.zoo_recipes import Effort, LabelledImages, fetch_or_train, train_classifier
from tools.data.example_set import ExampleSet

THIN = 16
TINY = Effort(
    images=40,
    classifier_epochs=1,
    classifier_thin=THIN,
    epochs=dict.fromkeys(zoo_recipes.RECIPES, 1),
    thin=THIN,
)
RNG = np.random.default_rng(0)
COLOUR = LabelledImages(RNG.random((40, 32, 32, 3), np.float32), RNG.integers(0, 10, 40))
GREY = LabelledImages(COLOUR.images[:, :28, :28, :1], COLOUR.labels)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """Made-up images in place of the data sets, and little effort."""
    monkeypatch.setattr(
        zoo_recipes,
        "load_labelled",
        lambda dataset, *args, **options: GREY if dataset == "mnist" else COLOUR,
    )
    monkeypatch.setattr(zoo_recipes, "FAST", TINY)


@pytest.fixture(scope="module")
def classifier():
    return train_classifier(GREY, TINY)


def options(output, **more):
    flags = {"fast": True, "zoo": None, "output": output, "data_dir": "", "seed": 0}
    return argparse.Namespace(**(flags | more))


@pytest.mark.parametrize("image_shape", [(32, 32, 3), (28, 28, 1)])
def test_the_networks_give_images_back(image_shape):
    images = RNG.random((2, *image_shape), np.float32)
    encoder, decoder = vae_networks(image_shape, 5, THIN)
    assert encoder(images).shape[0] == 2
    assert decoder(RNG.random((2, 5))).shape == images.shape
    encoder, decoder = ae_networks(image_shape, THIN)
    assert decoder(encoder(images)).shape == images.shape


def test_the_documents_networks_have_their_layers():
    assert strides_of(32) == (2, 2, 2)
    assert strides_of(28) == (2, 2, 1)
    encoder, decoder = vae_networks((32, 32, 3), 1024)
    assert encoder.output_shape == (None, 4, 4, 512)
    # Kernels and biases, counted from the documents.
    convolutions = 16 * (3 * 64 + 64 * 128 + 128 * 512) + 64 + 128 + 512
    assert encoder.count_params() == convolutions
    transposed = 16 * (128 * 256 + 256 * 64 + 64 * 3) + 256 + 64 + 3
    assert decoder.count_params() == 1024 * 2048 + 2048 + transposed


def test_a_trained_zoo_is_fetched_by_an_example(tmp_path, monkeypatch):
    monkeypatch.delenv("WAIC_ZOO", raising=False)
    flags = [f"--zoo={tmp_path / 'zoo'}", "--fast", "--datasets=mnist"]
    assert train_zoo.main([*flags, "--detectors=OutlierVAE,ModelDistillation"]) == 0
    index = json.loads((tmp_path / "zoo" / "index.json").read_text())
    places = {path.rpartition("/")[0] for path in index}
    assert places == {"adversarial/mnist/cnn/ModelDistillation"}  # OutlierVAE is for CIFAR-10
    monkeypatch.setattr(zoo_recipes, "train_detector", None)  # nothing is trained
    detector = fetch_or_train(
        "ModelDistillation", "mnist", options(tmp_path / "out", zoo=tmp_path / "zoo")
    )
    assert detector.threshold > 0


def test_unknown_detectors_and_data_sets_are_refused(capsys, tmp_path):
    for flag in ("--detectors=OutlierVEA", "--datasets=mnist,cifar"):
        assert train_zoo.main([f"--zoo={tmp_path}", flag]) == 2
        message = capsys.readouterr().err
        assert len(message.splitlines()) == 1
        assert "known are" in message


def test_the_defence_of_a_classifier_is_told(classifier):
    detector = zoo_recipes.train_detector("AdversarialAE", "mnist", GREY.images, classifier, TINY)
    table = defence_table(classifier, adversarial_ae.correct_with(detector), *GREY, seed=0)
    assert [row.attack for row in table] == ["none", "FGSM", "PGD"]
    truth = np.mean(classifier.predict(GREY.images, verbose=0).argmax(axis=1) == GREY.labels)
    assert table[0].undefended == pytest.approx(truth)


def test_the_vae_corrects_what_it_flags(classifier):
    detector = zoo_recipes.train_detector("AdversarialVAE", "mnist", GREY.images, classifier, TINY)
    correct = adversarial_vae.correct_with(detector)
    for threshold, key in ((np.inf, "no_defense"), (-1, "defense")):
        detector.threshold = threshold
        answers = correct(GREY.images)
        np.testing.assert_array_equal(answers["corrected"], answers[key])
        assert set(answers["is_adversarial"]) == {int(threshold < 0)}


def test_the_recovered_share_is_of_what_the_attack_took():
    clean = Defence("none", 0.9, 0.8, 0.9, 0.1)
    attacked = Defence("FGSM", 0.1, 0.6, 0.5, 0.7)
    assert recovered_share(clean, attacked) == pytest.approx(0.5)
    text = defence_text([clean, attacked, Defence("PGD", 0.9, 0.6, 0.5, 0.7)])
    assert "gives back 50% of what FGSM took" in text
    assert "what PGD took" not in text  # it took nothing


class BrightDetector:
    """Scores by brightness; its classifier takes dark images for class 0."""

    def __init__(self):
        self.model = self

    def score(self, images):
        return images.mean(axis=(1, 2, 3))

    def predict(self, images, verbose):
        return np.eye(2)[(self.score(images) > 0.61).astype(int)]


def test_harmful_and_harmless_corruptions_are_told_apart(monkeypatch, tmp_path):
    def brighter(name, images, severity, *, seed):
        return images + severity * np.linspace(0, 0.2, len(images))[:, None, None, None]

    monkeypatch.setattr(model_distillation, "KINDS", ("brighter",))
    monkeypatch.setattr(model_distillation, "corrupt", brighter)
    images = np.full((11, 4, 4, 1), 0.3)
    images[0] = 0.9  # wrong before: in neither group
    harms = [
        model_distillation.harm_of(BrightDetector(), images, np.zeros(11), severity, seed=0)
        for severity in (1, 2, 5)
    ]
    assert [len(harm.harmful) for harm in harms] == [0, 3, 7]
    assert all(len(harm.harmful) + len(harm.harmless) == 10 for harm in harms)
    assert harms[2].accuracy == pytest.approx(3 / 11)
    assert harms[2].harmful.min() > harms[2].harmless.max()
    assert "at 2 of 3" in model_distillation.harms_text(harms)
    model_distillation.draw_harms(harms).savefig(tmp_path / "a.png")


def test_the_outlier_example_writes_its_plots_and_scores(monkeypatch, tmp_path, capsys):
    cifar10 = ExampleSet("cifar10", COLOUR.images, np.arange(len(COLOUR.images)), "")
    monkeypatch.setattr(outlier_vae, "load_images", lambda *args: cifar10)
    monkeypatch.setattr(outlier_vae, "N_IMAGES", 10)
    monkeypatch.setattr(outlier_vae, "N_MASKS", 2)
    monkeypatch.delenv("WAIC_ZOO", raising=False)
    assert outlier_vae.main(["--fast", f"--output={tmp_path}"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "feature_scores.png",
        "growing_mask.png",
        "instance_scores.png",
        "scores_all_images.png",
        "scores_mean.png",
        "scores_one_image.png",
        "scores_outlier_perc.png",
    }
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["mask", "size", "mean", "outlier", "score"]
    assert [int(line.split()[0]) for line in lines[1:12]] == list(range(0, 21, 2))


def test_mask_scores_are_means_over_the_masks_of_an_image():
    class Sum:
        @staticmethod
        def predict(images, outlier_perc):
            return {"data": {"instance_score": images.sum(axis=(1, 2, 3))}}

    images = np.stack([np.zeros((32, 32, 3)), np.ones((32, 32, 3))])
    scores = outlier_vae.mask_scores(Sum(), images, n_masks=3, seed=0)
    assert scores.shape == (2, 11)
    np.testing.assert_array_equal(scores[:, 0], [0, 3072])
    assert (np.diff(scores[0]) > 0).all()  # noise on black only brightens
    assert (np.diff(scores[1]) < 0).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("example", "words", "at_least"),
    [
        (outlier_vae, r"The score rises at (\d+) of 10 steps", 10),
        (adversarial_ae, r"gives back (\d+)% of what FGSM took", 50),
        (adversarial_vae, r"gives back (\d+)% of what FGSM took", 50),
        (model_distillation, r"the higher mean score at (\d+) of 5", 5),
    ],
)
def test_a_whole_example_with_real_data(
    example, words, at_least, shared_data, tmp_path, monkeypatch, capsys
):
    monkeypatch.undo()
    monkeypatch.delenv("WAIC_ZOO", raising=False)
    assert example.main(["--fast", f"--data_dir={shared_data}", f"--output={tmp_path}"]) == 0
    found = re.search(words, capsys.readouterr().out)
    assert int(found[1]) >= at_least
