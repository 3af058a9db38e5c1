"""EnsembleDetector: the scores of a run's members, repeatable, thresholded, saved whole."""

import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from zlib import crc32

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from anomaly.detectors.ensemble_detector import EnsembleDetector
from anomaly.machinery.detector_files import load_detector, save_detector
from input_errors import message_of
from tiny_run import bars
from tools.data.example_set import ExampleSet
from tools.run.options import member_settings
from tools.run.run_folder import RunFolder
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.input_statistics import input_statistics
from tools.scores.score_files import read_scores
from tools.scores.score_registry import FITTED_SCORES
from vae_wgan.data.image_data import split_calibration
from vae_wgan.ensemble.members import score_members, trained_members
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.vae.vae_member import VAEMember
from vae_wgan.wgan.wgan_member import WGANMember

TINY = {
    "num_models": 2,
    "max_steps": 12,
    "viz_steps": 6,
    "latent_size": 3,
    "base_depth": 2,
    "n_flows": 2,
    "n_samples": 2,
    "learning_rate": 1e-2,
    "compile": False,
}
TINY_WGAN = {
    "num_models": 2,
    "max_steps": 2,
    "extra_steps": 1,
    "viz_steps": 3,
    "batch_size": 8,
    "z_dim": 4,
    "base_depth": 2,
    "Citers": 1,
    "Citers_boosted": 1,
}
NORMAL = bars(40)
NOISE = np.random.default_rng(0).random((9, 28, 28, 1), np.float32)


def members_in(folder, model, max_steps):
    """The two members that are trained in a folder."""
    found = trained_members(model, RunFolder(folder), num_models=2, max_steps=max_steps)
    return [one.member for one in found]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A folder in which fit has trained two members."""
    folder = tmp_path_factory.mktemp("run")
    EnsembleDetector().fit(NORMAL, folder, **TINY)
    return folder


@pytest.fixture(scope="module")
def detector(run_folder):
    detector = EnsembleDetector(run_folder)
    detector.infer_threshold(NORMAL, threshold_perc=90)
    return detector


@pytest.mark.parametrize("score", ["waic", "iwae", "rate.variance"])
def test_scores_are_the_statistics_of_the_runs_members(score, run_folder):
    detector = EnsembleDetector(run_folder, score)
    settings = VAESettings(**TINY)
    member = VAEMember(settings, (28, 28, 1), NOISE[:1])
    members = members_in(run_folder, member, max_steps=12)
    key, statistic = {
        "waic": ("iwae", "waic"),
        "iwae": ("iwae", "mean"),
        "rate.variance": ("rate", "variance"),
    }[score]
    expected = []
    for image in NOISE[:3]:  # one at a time, with the noise that belongs to its pixels
        ids = np.array([crc32(image)])
        values = score_members(members, ExampleSet("x", image[None], ids, ""), seed=0)
        expected.append(anomaly_scores(key, values[key])[statistic][0])
    np.testing.assert_allclose(detector.score(NOISE[:3]), expected, rtol=1e-5, atol=1e-4)


def test_a_score_depends_on_the_image_alone(detector):
    scores = detector.score(NOISE)
    assert scores.shape == (9,)
    order = np.random.default_rng(1).permutation(9)
    np.testing.assert_allclose(detector.score(NOISE[order]), scores[order], rtol=1e-5)
    for batch_size in (1, 7):
        np.testing.assert_allclose(detector.score(NOISE, batch_size), scores, rtol=1e-5)


def test_noise_is_more_anomalous_than_what_was_trained_on(detector):
    assert detector.score(NOISE).min() > np.median(detector.score(NORMAL))


def test_bytes_and_floats_are_the_same_images(detector):
    floats = NORMAL[:5, ..., None] / np.float32(255)
    np.testing.assert_array_equal(detector.score(NORMAL[:5]), detector.score(floats))


def test_a_prediction_has_the_documented_form(detector):
    result = detector.predict(NORMAL)
    assert list(result) == ["data", "meta"]
    assert list(result["data"]) == ["instance_score", "is_outlier"]
    scores, flags = result["data"].values()
    assert flags.dtype == np.int64
    np.testing.assert_array_equal(flags, scores > detector.threshold)
    assert flags.sum() == 4
    assert result["meta"]["detector_type"] == "outlier"
    assert detector.predict(NOISE, return_instance_score=False)["data"]["instance_score"] is None


def test_a_saved_detector_needs_its_run_no_more(detector, tmp_path):
    for name in ("a", "b"):  # twice in a row
        save_detector(detector, tmp_path / name)
        detector = load_detector(tmp_path / name)
    expected = detector.score(NOISE)
    np.testing.assert_array_equal(load_detector(tmp_path / "a").score(NOISE), expected)
    assert load_detector(tmp_path / "b").threshold == detector.threshold
    assert repr(detector).startswith(
        "EnsembleDetector(2 members, kind vae, 28 x 28 x 1, score waic, threshold "
    )


def test_an_unfitted_detector_can_be_saved(tmp_path):
    save_detector(EnsembleDetector(score="rate", threshold=3), tmp_path / "a")
    detector = load_detector(tmp_path / "a")
    assert (detector.threshold, detector.score_name) == (3, "rate")
    detector.fit(NORMAL, **(TINY | {"max_steps": 1}))
    assert detector.score(NOISE).shape == (9,)


def test_fit_goes_on_in_its_folder_and_leaves_none_without(run_folder, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = [path.stat().st_mtime_ns for path in run_folder.glob("*/checkpoint-*.npz")]
    again = EnsembleDetector()
    again.fit(NORMAL, run_folder, **TINY)
    assert before == [path.stat().st_mtime_ns for path in run_folder.glob("*/checkpoint-*.npz")]
    elsewhere = EnsembleDetector()
    elsewhere.fit(NORMAL, **TINY)
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(again.score(NOISE), elsewhere.score(NOISE))


def test_graphs_are_computed_as_written_whatever_the_program_has_set(monkeypatch):
    seen = []
    for name in ("train_steps", "score"):
        method = getattr(VAEMember, name)

        def seeing(*arguments, method=method):
            seen.append(tf.config.optimizer.get_experimental_options()["disable_meta_optimizer"])
            return method(*arguments)

        monkeypatch.setattr(VAEMember, name, seeing)
    detector = EnsembleDetector()
    detector.fit(NORMAL, **(TINY | {"max_steps": 1}))
    detector.score(NOISE)
    assert seen == [True, True] * 2


def test_four_threads_score_as_one_does(run_folder, detector):
    alone = detector.score(NOISE)
    detector = EnsembleDetector(run_folder)  # whose members nobody has built yet
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as on a busy machine
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: detector.score(NOISE), range(12)))
    finally:
        sys.setswitchinterval(before)
    for answer in answers:
        np.testing.assert_array_equal(answer, alone)


@pytest.mark.parametrize("carry", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_detector_can_be_carried_elsewhere(detector, fitted, carry):
    for one in (detector, fitted[0]):
        other = carry(one)
        np.testing.assert_array_equal(other.score(NOISE), one.score(NOISE))
        assert other.threshold == one.threshold
        assert other.meta == one.meta
    unfitted = carry(EnsembleDetector(score="rate", threshold=3, data_type="image"))
    assert (unfitted.score_name, unfitted.threshold) == ("rate", 3)
    assert unfitted.meta["data_type"] == "image"


def test_what_members_depend_on_is_saved(detector):
    settings = detector.get_config()["ensemble"]["settings"]
    further = {"num_models", "n_samples", "compile", "ddof", "processor"}
    assert settings.keys() == member_settings(VAESettings()).keys() | further
    assert settings["latent_size"] == 3
    assert settings["processor"] == "any"  # the one at hand, so that it scores alike elsewhere


def test_wrong_input_is_named(detector, run_folder, tmp_path):
    assert "score='wiac'" in message_of(EnsembleDetector, score="wiac")
    assert "score='median'" in message_of(EnsembleDetector, score="iwae.median")
    assert f"run_folder={tmp_path} holds no run" in message_of(EnsembleDetector, tmp_path)
    assert "threshold" in message_of(EnsembleDetector(run_folder).predict, NOISE)
    assert "call fit" in message_of(EnsembleDetector().score, NOISE)
    assert "without calibration rows" in message_of(detector.p_value, NOISE)
    for side in (32, 30):
        assert f"of the shape (28, 28, 1), not ({side}, {side}, 1)" in message_of(
            detector.score, np.zeros((2, side, side, 1))
        )
    assert "X has 30x30x1 images" in message_of(EnsembleDetector().fit, np.zeros((2, 30, 30, 1)))
    assert "X holds float32 numbers" in message_of(detector.score, NOISE + 1)
    assert "other settings" in message_of(
        EnsembleDetector().fit, NORMAL, run_folder, **(TINY | {"latent_size": 4})
    )
    with pytest.raises(TypeError, match="latent_dim"):
        EnsembleDetector().fit(NORMAL, latent_dim=3)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A detector whose score is fitted on rows that fit has held out, and its folder."""
    folder = tmp_path_factory.mktemp("fitted")
    detector = EnsembleDetector(score="likelihood_residual", threshold=0)
    detector.fit(NORMAL, folder, **TINY)
    return detector, folder


def test_a_fitted_score_is_that_of_the_held_out_rows(fitted):
    detector, folder = fitted
    images = NORMAL[..., None] / np.float32(255)
    _, held_out = split_calibration(ExampleSet("X", images, np.arange(len(images)), ""), seed=0)
    assert read_scores(RunFolder(folder).scores("calibration")).ids.tolist() == [*held_out.ids]
    member = VAEMember(VAESettings(**TINY), (28, 28, 1), NOISE[:1])
    members = members_in(folder, member, max_steps=12)
    parts = []
    for example_set in (ExampleSet("noise", NOISE, np.arange(9), ""), held_out):
        of_members = score_members(members, example_set, seed=0)
        of_input = input_statistics(example_set.examples, "bernoulli")
        parts.append(of_members | {name: line[None] for name, line in of_input.items()})
    expected = FITTED_SCORES["likelihood_residual"].compute(*parts)
    np.testing.assert_allclose(detector.score(NOISE), expected, rtol=1e-4)
    np.testing.assert_allclose(detector.score(NOISE, batch_size=4), expected, rtol=1e-4)


def test_a_fitted_score_is_saved_and_opened_again(fitted, tmp_path):
    detector, folder = fitted
    expected = detector.score(NOISE)
    opened = EnsembleDetector(folder, "likelihood_residual").score(NOISE)
    np.testing.assert_array_equal(opened, expected)
    for name in ("a", "b"):  # twice in a row
        save_detector(detector, tmp_path / name)
        detector = load_detector(tmp_path / name)
    np.testing.assert_array_equal(detector.score(NOISE), expected)
    maps = detector.explain(NOISE[:2])
    assert maps.shape == (2, 28, 28)
    np.testing.assert_array_equal(EnsembleDetector(folder, "iwae").explain(NOISE[:2]), maps)


def test_what_a_fitted_score_lacks_is_named(fitted, run_folder):
    folder = fitted[1]
    assert "gradient_norm., which" in message_of(EnsembleDetector, folder, "gradient_norm")
    assert "calibration.npz is missing" in message_of(EnsembleDetector, run_folder, "typicality")
    assert "is one number per row" in message_of(EnsembleDetector, folder, "typicality.mean")
    assert "score='likelihood_ratio'" in message_of(EnsembleDetector, folder, "likelihood_ratio")


def test_a_score_that_members_lack_is_refused_before_they_are_trained(tmp_path):
    for score in ("log_likelihood", "likelihood_ratio"):
        assert f"score='{score}'" in message_of(EnsembleDetector(score=score).fit, NORMAL, tmp_path)
    assert not list(tmp_path.iterdir())


def test_wgans_are_members_too(tmp_path):
    EnsembleDetector().fit(NORMAL, tmp_path, model="wgan", **TINY_WGAN)
    detector = EnsembleDetector(tmp_path, "variance")
    member = WGANMember(WGANSettings(**TINY_WGAN), (28, 28, 1), NOISE[:1])
    members = members_in(tmp_path, member, max_steps=3)
    values = score_members(members, ExampleSet("x", NOISE, np.arange(9), ""), seed=0)
    expected = values["extra_logit"].var(axis=0)
    np.testing.assert_allclose(detector.score(NOISE), expected, rtol=1e-3, atol=1e-9)
    assert "score='iwae'" in message_of(EnsembleDetector, tmp_path, "iwae")
    assert "score='dose'" in message_of(EnsembleDetector, tmp_path, "dose")


def test_wgans_have_the_score_of_critics_by_rows_that_none_has_seen(tmp_path):
    detector = EnsembleDetector(score="critic_distance")
    normal = bars(400)  # of which it learns from 380
    detector.fit(normal, tmp_path, model="wgan", **TINY_WGAN)
    again = EnsembleDetector(tmp_path, "critic_distance")
    np.testing.assert_array_equal(detector.score(NOISE), again.score(NOISE))
    member = WGANMember(WGANSettings(**TINY_WGAN), (28, 28, 1), NOISE[:1])
    members = members_in(tmp_path, member, max_steps=3)
    images = normal[..., None] / np.float32(255)
    _, held_out = split_calibration(ExampleSet("X", images, np.arange(len(images)), ""), seed=0)
    parts = (
        score_members(members, part, seed=0)
        for part in (ExampleSet("x", NOISE, np.arange(9), ""), held_out)
    )
    expected = FITTED_SCORES["critic_distance"].compute(*parts)
    np.testing.assert_allclose(again.score(NOISE), expected, rtol=1e-3)


@pytest.mark.filterwarnings("ignore:Only one sample")  # of two calibration images, one is left
def test_paths_folders_and_single_images_are_taken(fitted, tmp_path):
    detector = fitted[0]
    for number in range(3):
        Image.fromarray(NORMAL[number]).save(tmp_path / f"{number}.png")
    expected = detector.score(NORMAL[:3])
    np.testing.assert_array_equal(detector.score(tmp_path), expected)
    np.testing.assert_allclose(detector.score(NORMAL[0]), expected[:1], rtol=1e-5)
    (tmp_path / "1.png").write_bytes(b"broken")
    assert "1.png: " in message_of(detector.score, str(tmp_path))
    found = detector.scored(tmp_path)
    assert found.index.tolist() == ["0.png", "1.png", "2.png"]
    assert found["score"].isna().tolist() == [False, True, False]
    detector.save(tmp_path / "saved")
    same = load_detector(tmp_path / "saved")
    np.testing.assert_array_equal(same.p_value(NORMAL), detector.p_value(NORMAL))


@pytest.mark.filterwarnings("ignore:Only one sample")  # of two calibration images, one is left
def test_fit_of_images_and_tables_names_its_settings_and_returns_the_detector(fitted, monkeypatch):
    asked = {}

    def fit(rows, folder, key, **settings):
        asked.update(settings, rows=rows, key=key)
        return fitted[0]._ensemble

    monkeypatch.setattr("anomaly.detectors.ensemble_detector.fit_ensemble", fit)
    detector = EnsembleDetector.fit_images(NORMAL, num_models=2, max_steps=12, target_fpr=0.4)
    assert detector.threshold == min(fitted[0]._scorer(0.4).threshold, 1.7976931348623157e308)
    assert (asked.pop("rows") is NORMAL, asked.pop("key")) == (True, "combined_images")
    wanted = {"num_models": 2, "max_steps": 12, "model": "vae", "preset": "fast", "seed": 0}
    assert asked == wanted | {"target_fpr": 0.4}
    EnsembleDetector.fit_table(NORMAL[0], model="flow", drop_columns=["3"])
    assert (asked["key"], asked["drop_columns"]) == ("combined_flow", ("3",))
