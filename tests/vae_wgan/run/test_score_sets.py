"""Score files and pictures are made when they have to be, and only then."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

from fake_model import FakeModel, fake_runner, made_up_set
from tools.run.checkpoints import save_checkpoint
from tools.run.run_folder import RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.ensemble_statistics import waic
from tools.scores.input_statistics import input_statistics
from tools.scores.score_files import read_scores
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import trained_members
from vae_wgan.run.score_sets import (
    as_bytes,
    extreme_pictures,
    score_datasets,
    write_input_statistics,
    write_latents,
    write_samples,
)

GROUPS = ("most", "least", "first")


class Settings(NamedTuple):
    seed: int = 0
    scoring_samples: int = 4
    compile: bool = False


class Run:
    """A run folder with two members and two sets, scored on demand."""

    def __init__(self, path):
        self.folder = RunFolder(path)
        self.settings = Settings()
        self.needed = set()
        self.sets = [made_up_set("digits", 30), made_up_set("noise", 20, first_id=50)]
        for member in (0, 1):
            self.train_member(member, seed=member)

    def train_member(self, member, seed):
        save_checkpoint(self.folder.member(member), 1, self.model(seed).state())

    def model(self, seed):
        model = FakeModel()
        model.initialize(seed)
        return model

    def members(self, model=None):
        return trained_members(model or FakeModel(), self.folder, num_models=2, max_steps=1)

    def score(self, model=None):
        scores_of, members = fake_runner(FakeModel()).scores, self.members(model)
        score_datasets(scores_of, members, self.sets, self.settings, self.folder, self.needed)

    def files(self):
        """Bytes and time of writing by path, of all score files and pictures."""
        paths = [
            path for part in ("scores", "pictures") for path in (self.folder.path / part).iterdir()
        ]
        return {
            f"{path.parent.name}/{path.stem}": (path.read_bytes(), path.stat().st_mtime_ns)
            for path in paths
        }

    def remade(self):
        """Scores once more; the names of the files that were written by it."""
        before = self.files()
        self.score()
        return {name for name, found in self.files().items() if found != before.get(name)}


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    run.score()
    return run


BOTH = {"scores/digits", "pictures/digits", "scores/noise", "pictures/noise"}


def test_each_set_gets_scores_of_all_members_and_pictures(run):
    assert run.files().keys() == BOTH
    for example_set in run.sets:
        file = read_scores(run.folder.scores(example_set.name))
        np.testing.assert_array_equal(file.ids, example_set.ids)
        assert {key: file.scores[key].shape for key in file.scores} == {
            "iwae": (2, len(example_set.ids)),
            "rate": (2, len(example_set.ids)),
        }


def test_what_is_up_to_date_is_left_alone(run):
    assert run.remade() == set()


@pytest.mark.parametrize("change", [{"scoring_samples": 5}, {"seed": 1}, {"compile": True}])
def test_other_settings_remake_all_sets(run, change):
    run.settings = run.settings._replace(**change)
    assert run.remade() == BOTH
    assert run.remade() == set()


def test_files_that_lack_what_is_needed_are_remade_and_those_that_hold_more_are_not(run):
    run.needed = {"iwae"}
    assert run.remade() == set()
    run.needed = {"iwae", "laplace"}
    assert run.remade() == BOTH


def test_properties_of_images_are_written_once_for_a_likelihood(run):
    def written(likelihood):
        write_input_statistics(run.sets, likelihood, run.folder, Stopwatch())
        return [run.folder.inputs(part.name).stat().st_mtime_ns for part in run.sets]

    times = written("bernoulli")
    for part in run.sets:
        file = read_scores(run.folder.inputs(part.name))
        np.testing.assert_array_equal(file.ids, part.ids)
        for name, values in input_statistics(part.examples, "bernoulli").items():
            np.testing.assert_array_equal(file.scores[name], np.float32([values]))
    assert written("bernoulli") == times
    assert all(np.not_equal(written("none"), times))


def test_rows_of_a_table_have_no_such_properties(run):
    run.sets = [
        dataclasses.replace(part, examples=part.examples.reshape(len(part), -1))
        for part in run.sets
    ]
    write_input_statistics(run.sets, "gaussian", run.folder, Stopwatch())
    assert not (run.folder.path / "inputs").exists()


def test_another_member_remakes_all_sets(run):
    before = read_scores(run.folder.scores("digits")).scores["iwae"]
    run.train_member(1, seed=9)
    assert run.remade() == BOTH
    after = read_scores(run.folder.scores("digits")).scores["iwae"]
    np.testing.assert_array_equal(after[0], before[0])
    assert not np.any(after[1] == before[1])


@pytest.mark.parametrize("change", ["checksum", "images", "rows"])
def test_other_images_remake_their_set_only(run, change):
    noise = run.sets[1]
    run.sets[1] = {
        "checksum": dataclasses.replace(noise, checksum="another source"),
        "images": dataclasses.replace(noise, examples=noise.examples[::-1].copy()),
        "rows": noise.take(np.arange(9)),
    }[change]
    assert run.remade() == {"scores/noise", "pictures/noise"}
    assert run.remade() == set()


def test_lost_or_damaged_files_are_remade_to_the_same_bytes(run):
    before = {name: content for name, (content, _) in run.files().items()}
    run.folder.pictures("digits").unlink()
    run.folder.scores("noise").write_bytes(b"damaged")
    assert run.remade() == BOTH
    assert {name: content for name, (content, _) in run.files().items()} == before


def test_a_kill_between_scores_and_pictures_leaves_no_old_pictures(run, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    run.settings = run.settings._replace(seed=1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("vae_wgan.run.score_sets.extreme_pictures", killed)
        run.score()
    assert not run.folder.pictures("digits").exists()
    assert run.remade() == BOTH


def test_pictures_are_the_extreme_rows_by_waic_and_the_first():
    example_set = made_up_set("digits", 30, first_id=50)
    iwae = np.random.default_rng(0).normal(-100, 3, (4, 30))
    anomalous_first = example_set.ids[np.argsort(waic(iwae))]
    pictures = extreme_pictures(FakeModel(), example_set, {"iwae": iwae})
    assert pictures["most_ids"].tolist() == anomalous_first[:16].tolist()
    assert pictures["least_ids"].tolist() == anomalous_first[::-1][:16].tolist()
    assert pictures["first_ids"].tolist() == list(range(50, 58))
    for group in GROUPS:
        shown = example_set.examples[pictures[f"{group}_ids"] - 50]
        assert pictures[f"{group}_images"].dtype == np.uint8
        np.testing.assert_allclose(pictures[f"{group}_images"] / 255, shown, atol=0.5001 / 255)


def test_reconstructions_are_the_first_members(run):
    member = run.model(0)
    with np.load(run.folder.pictures("digits"), allow_pickle=False) as pictures:
        for group in GROUPS:
            expected = member.reconstructions(run.sets[0].examples[pictures[f"{group}_ids"]])
            found = pictures[f"{group}_reconstructions"]
            assert found.dtype == np.uint8
            np.testing.assert_allclose(found / 255, expected, atol=0.5001 / 255)


def test_a_set_of_one_image_has_one_picture_in_each_group():
    pictures = extreme_pictures(
        FakeModel(), made_up_set("one", 1), {"iwae": np.zeros((2, 1), np.float32)}
    )
    for group in GROUPS:
        assert pictures[f"{group}_ids"].tolist() == [0]
        assert pictures[f"{group}_images"].shape == (1, 4, 4, 1)


def test_rows_of_a_table_have_no_pictures(tmp_path):
    run = Run(tmp_path)
    for index, images in enumerate(run.sets):
        rows = images.examples.reshape(len(images), -1)
        run.sets[index] = dataclasses.replace(images, examples=rows)
    for _ in range(2):
        run.score()
    assert read_scores(run.folder.scores("digits")).n_members == 2
    assert not (run.folder.path / "pictures").exists()


class FakeCritic(FakeModel):
    """A model that generates images and cannot reconstruct any."""

    reconstructions = Member.reconstructions

    def score(self, images, ids, seed):
        logit = images.sum(axis=(1, 2, 3)) + self.weights[0]
        return {"logit": -logit, "extra_logit": logit}

    def samples(self, count, seed):
        return np.full((count, 4, 4, 1), abs(self.weights[0]) % 1)


def test_each_member_leaves_its_samples(run):
    write_samples(run.members(FakeModel()), run.folder)
    assert not run.folder.samples(0).exists()
    write_samples(run.members(FakeCritic()), run.folder)
    for member in (0, 1):
        with np.load(run.folder.samples(member), allow_pickle=False) as samples:
            expected = abs(run.model(member).weights[0]) % 1
            np.testing.assert_array_equal(
                samples["images"], as_bytes(np.full((64, 4, 4, 1), expected))
            )


def test_codes_of_the_first_member_are_written_once_for_its_checkpoint(run):
    class Coder(FakeModel):
        def codes(self, images):
            return images.reshape(len(images), -1)[:, :3] + self.weights

    def written(model):
        write_latents(run.members(model)[0], run.sets, run.folder)
        paths = [run.folder.latents(part.name) for part in run.sets]
        return [path.stat().st_mtime_ns for path in paths if path.exists()]

    assert written(FakeModel()) == []
    run.sets[0] = made_up_set("digits", 700)
    times = written(Coder())
    file = read_scores(run.folder.latents("digits"))
    np.testing.assert_array_equal(file.ids, np.arange(500) * 700 // 500)
    pixels = run.sets[0].examples[file.ids].reshape(500, -1)[:, :3]
    expected = pixels + run.model(0).weights
    np.testing.assert_allclose(file.scores["posterior_mean"].T, expected, rtol=1e-6)
    assert written(Coder()) == times
    run.train_member(0, seed=9)
    assert all(np.not_equal(written(Coder()), times))


def test_a_model_without_reconstructions_has_pictures_by_its_own_headline_score():
    critic, example_set = FakeCritic(), made_up_set("digits", 30)
    logit = np.random.default_rng(0).normal(size=(4, 30))
    pictures = extreme_pictures(critic, example_set, {"logit": -logit, "extra_logit": logit})
    assert str(pictures["score"]) == "extra_logit"
    assert pictures["most_ids"].tolist() == np.argsort(waic(logit))[:16].tolist()
    assert not any("reconstructions" in name for name in pictures)
