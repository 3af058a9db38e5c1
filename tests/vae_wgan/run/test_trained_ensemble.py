"""What a run has left of its calibration split is read for a score, or what is missing is named."""

import dataclasses

import numpy as np
import pytest

from fake_model import FakeKind, FakeModel
from input_errors import message_of
from tools.data.example_set import ExampleSet
from tools.data.images.new_pictures import picture_parts
from tools.run.checkpoints import save_checkpoint
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.run.stopwatch import Stopwatch
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.input_statistics import input_statistics
from tools.scores.score_registry import FITTED_SCORES
from vae_wgan.ensemble.members import score_members, trained_members
from vae_wgan.kinds import kept_settings
from vae_wgan.run.fitting import fit_ensemble
from vae_wgan.run.score_sets import score_datasets, write_input_statistics
from vae_wgan.run.trained_ensemble import TrainedEnsemble, open_ensemble
from vae_wgan.settings.vae_settings import VAESettings

SETTINGS = VAESettings(num_models=2, max_steps=3, model_dir="unused")
IMAGES = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)


class MadeUpModel(FakeModel):
    """Says of an image its first pixel, times its one weight."""

    def load_state(self, arrays):
        self.weight = arrays["weight"]

    def score(self, images, ids, seed):
        return {"laplace": self.weight * images[:, 0, 0, 0], "iwae": images[:, 1, 1, 0]}


class Kind(FakeKind):
    def score_keys(self, settings):
        return ["iwae", "likelihood_residual", "typicality", "dose"]

    def new_member(self, settings, example_shape, monitored, quantities):
        return MadeUpModel()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A run of two members that have scored the calibration split."""
    monkeypatch.setattr("vae_wgan.run.trained_ensemble.kind_of_run", lambda manifest: Kind())
    run = RunFolder(tmp_path)
    run.update_manifest(settings=dataclasses.asdict(SETTINGS))
    for member in range(2):
        save_checkpoint(run.member(member), 3, {"weight": np.float32(member + 1)})
    calibration = ExampleSet(CALIBRATION, IMAGES, np.arange(5), "")
    members = trained_members(MadeUpModel(), run, num_models=2, max_steps=3)

    def scores_of(members, example_sets, seed):
        for part in example_sets:
            yield part, score_members([one.member for one in members], part, seed)

    score_datasets(scores_of, members, [calibration], SETTINGS, run, pictures=False)
    write_input_statistics([calibration], SETTINGS.likelihood, run, Stopwatch())
    return run


def test_members_and_input_are_read_back(folder):
    found = open_ensemble(folder, "likelihood_residual").calibration
    expected = {
        name: values[None] for name, values in input_statistics(IMAGES, "bernoulli").items()
    }
    expected["laplace"] = np.array([[1], [2]]) * IMAGES[:, 0, 0, 0]
    assert [*found] == sorted(expected)  # in one order: a saved detector has the same bytes
    for name, values in found.items():
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, expected[name], rtol=1e-6)
    assert [*open_ensemble(folder, "typicality").calibration] == ["iwae"]
    assert open_ensemble(folder, "iwae").calibration is None
    assert [*open_ensemble(folder, "iwae", calibrated=True).calibration] == ["iwae"]


def test_what_is_missing_or_of_other_members_is_named(folder):
    message = message_of(open_ensemble, folder, "dose")
    assert "score='dose' needs distortion, elbo, log_weight_variance" in message
    save_checkpoint(folder.member(1), 3, {"weight": np.float32(9)})
    assert "was made with other members" in message_of(open_ensemble, folder, "typicality")


def test_the_variance_over_members_obeys_ddof():
    settings, states = dataclasses.replace(SETTINGS, ddof=1), [{"weight": 1}, {"weight": 2}]
    laplace = [weight * IMAGES[:, 0, 0, 0] for weight in (1, 2)]

    class Model(MadeUpModel):
        def score(self, images, ids, seed):
            return {"iwae": self.weight * images[:, 0, 0, 0]}

    class OfLaplace(Kind):
        def new_member(self, settings, example_shape, monitored, quantities):
            return Model()

    ensemble = TrainedEnsemble(OfLaplace(), settings, None, states)
    for statistic in ("variance", "waic"):
        expected = anomaly_scores("iwae", np.float64(laplace), 1)[statistic]
        np.testing.assert_allclose(ensemble.scores(IMAGES, statistic), expected, rtol=1e-6)
    assert kept_settings(settings)["ddof"] == 1


def test_rows_of_another_shape_are_told_which_shape_is_wanted(folder):
    known = TrainedEnsemble(Kind(), SETTINGS, None, [{"weight": 1}], row_shape=[32, 32, 3])
    message = message_of(known.scores, IMAGES, "mean")
    assert message == (
        "X: the members were trained on rows of the shape (32, 32, 3), not (28, 28, 1)"
    )


def test_a_score_is_fitted_once_for_all_batches(folder, monkeypatch):
    plain = FITTED_SCORES["typicality"]
    fits = []

    def counted(calibration):
        fits.append(calibration)
        return plain.fit(calibration)

    monkeypatch.setitem(FITTED_SCORES, "typicality", plain._replace(fit=counted))
    ensemble = open_ensemble(folder, "typicality")
    batches = [{"iwae": np.full((2, 3), value)} for value in (0.1, 0.9)]
    for batch in batches:
        expected = plain.compute(batch, ensemble.calibration)
        np.testing.assert_array_equal(ensemble.combined(batch, "ensemble"), expected)
    assert len(fits) == 1


def test_the_range_of_the_training_images_is_remembered(tmp_path):
    """A file of further images that are all dark is no file of another range."""
    images = np.random.default_rng(0).random((30, 28, 28, 1), np.float32)
    known = ExampleSet("photos", images, np.arange(30), "", value_range=(-1.0, 1.0))
    tiny = {"num_models": 1, "max_steps": 1, "base_depth": 2, "latent_size": 2, "n_flows": 0}
    tiny |= {"n_samples": 1, "batch_size": 2, "compile": False}
    ensemble = fit_ensemble(known, RunFolder(tmp_path / "run"), "iwae", **tiny)
    again = TrainedEnsemble.from_json(ensemble.to_json(), ensemble.states)
    assert again.value_range == ensemble.value_range == (-1, 1)
    np.save(tmp_path / "dark.npy", np.full((2, 28, 28), -0.5, np.float32))
    (part,) = picture_parts(tmp_path / "dark.npy", again.picture_form, again.read_options)
    np.testing.assert_allclose(part.images, 0.25)
