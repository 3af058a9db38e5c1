"""Background ensembles: trained once, their values beside the members', their noise well chosen."""

import csv
import json
import shutil
from typing import NamedTuple

import numpy as np
import pytest

from fake_model import FakeModel, fake_runner, made_up_set
from input_errors import message_of
from program import call
from tiny_run import tiny_command, write_data
from tools.run.checkpoints import read_checkpoint, save_checkpoint
from tools.run.run_folder import RunFolder
from tools.scores.score_files import read_scores, write_scores
from vae_wgan.ensemble.training_loop import train_ensemble
from vae_wgan.ensemble.training_plan import TrainingPlan
from vae_wgan.vae.background import add_background, swapped_quadrants

TRAINING = made_up_set("train", 10)
CALIBRATION = made_up_set("calibration", 12, first_id=100)
SETS = (CALIBRATION, made_up_set("noise", 8, first_id=50))
SCORE_KEYS = "--score_keys=iwae,gradient_norm,likelihood_regret,likelihood_ratio"


class Settings(NamedTuple):
    background_rates: tuple[str, ...] = ("0.2",)
    skip_train: bool = False
    log_dir: str = ""
    seed: int = 3
    num_models: int = 2
    total_steps: int = 4
    viz_steps: int = 2


class Run:
    """A folder of which the sets are scored as by the members of a run."""

    def __init__(self, path):
        self.folder = RunFolder(path)
        self.models = {}
        self.folder.update_manifest(settings={})
        for part in SETS:
            scores = {"iwae": np.ones((2, len(part)))}
            write_scores(self.folder.scores(part.name), scores, part.ids, {"seed": 3})

    def add(self, **changed):
        add_background(
            Settings(**changed),
            self.folder,
            make_runner=lambda rate: fake_runner(
                self.make_model(rate), TRAINING, num_models=2, max_steps=4
            ),
            calibration=CALIBRATION,
            scored=SETS,
        )
        return {part.name: read_scores(self.folder.scores(part.name)) for part in SETS}

    def make_model(self, rate):
        self.models[rate] = FakeModel()
        return self.models[rate]

    def times(self):
        return [self.folder.scores(part.name).stat().st_mtime_ns for part in SETS]

    def checkpoint(self, member, rate=0.2):
        return last_checkpoint(self.folder.background(rate), member)


def last_checkpoint(folder, member):
    return folder.member(member) / "checkpoint-00000004.npz"


@pytest.fixture
def background(tmp_path):
    """A run with the background ensemble of the default rate."""
    run = Run(tmp_path)
    run.add()
    return run


def test_the_values_are_those_of_members_of_their_own_beside_what_was_there(background):
    provenance = read_scores(background.folder.scores("noise")).provenance
    assert provenance["seed"] == 3
    assert provenance["background"]["rate"] == 0.2
    for part in SETS:
        file = read_scores(background.folder.scores(part.name))
        np.testing.assert_array_equal(file.scores["iwae"], 1)
        np.testing.assert_array_equal(file.ids, part.ids)
        for member, values in enumerate(file.scores["background_iwae"]):
            weight = read_checkpoint(background.checkpoint(member)).arrays["weights"][0]
            expected = part.examples.sum(axis=(1, 2, 3)) + weight
            np.testing.assert_allclose(values, expected, atol=0.1)  # the noise is small
    manifest = background.folder.manifest()
    assert manifest.timings.keys() == {"background training"}
    assert manifest.costs["background"] > 0
    assert manifest.background["rate"] == 0.2


def test_background_members_are_none_of_the_runs_own_and_differ_by_rate(background):
    background.add(background_rates=(".3", "0.30"))
    plan = TrainingPlan(seed=3, max_steps=4, save_every=2)
    train_ensemble(FakeModel(), TRAINING.examples, plan, folder=background.folder, num_models=2)
    folders = [background.folder, *map(background.folder.background, (0.2, 0.3))]
    files = [last_checkpoint(folder, member) for folder in folders for member in (0, 1)]
    assert len({path.read_bytes() for path in files}) == 6


def test_a_second_call_trains_and_scores_nothing(background):
    times = background.times()
    background.add()
    background.add(skip_train=True)
    assert background.models[0.2].steps == []
    assert background.times() == times


def test_an_interrupted_training_goes_on_and_ends_with_the_same_values(background):
    before = [background.folder.scores(part.name).read_bytes() for part in SETS]
    background.checkpoint(1).unlink()
    background.add()
    assert background.models[0.2].steps in ([2, 3], [0, 1, 2, 3])  # of member 1 alone
    assert [background.folder.scores(part.name).read_bytes() for part in SETS] == before


def test_another_member_or_rate_remakes_the_values(background):
    model = FakeModel()
    model.initialize(99)
    before = background.add()["noise"].scores["background_iwae"]
    save_checkpoint(background.checkpoint(1).parent, 4, model.state())
    after = background.add(skip_train=True)["noise"].scores["background_iwae"]
    np.testing.assert_array_equal(after[0], before[0])
    assert np.all(after[1] != before[1])
    assert (
        background.add(background_rates=("0.1",))["noise"].provenance["background"]["rate"] == 0.1
    )


def test_without_training_a_missing_member_is_named(background):
    shutil.rmtree(background.folder.background(0.2).member(1))
    message = message_of(background.add, skip_train=True)
    assert "member 1 is not trained" in message
    assert "background-0.2" in message
    message = message_of(background.add, skip_train=True, background_rates=("0.1",))
    assert "background-0.1" in message


# Which rate


WEIGHTS = {None: 1.0, 0.1: 1.0, 0.2: 0.0, 0.3: 2.0}  # by rate; None: a member of the run


class RatedModel(FakeModel):
    """Its log likelihood is the light in the upper half, times a weight that the rate decides."""

    def __init__(self, rate=None):
        super().__init__()
        self.rate = rate

    def initialize(self, seed):
        self.weights = np.full(3, WEIGHTS[self.rate])

    def train_step(self, examples, seed, step):
        pass

    def score(self, images, ids, seed):
        return {"iwae": self.weights[0] * images[:, :2].sum(axis=(1, 2, 3))}


def test_the_rate_whose_ratio_sees_swapped_quadrants_best_is_chosen(tmp_path):
    run = Run(tmp_path)
    run.make_model = RatedModel
    member = RatedModel()
    member.initialize(0)
    for index in (0, 1):
        save_checkpoint(run.folder.member(index), 4, member.state())
    upper, lower = (half.sum(axis=(1, 2, 3)) for half in np.split(CALIBRATION.examples, 2, axis=1))
    # Swapped images have the sums of the lower half in the upper one. The ratios are 0, minus the
    # sum and the sum of the upper half.
    less = (lower[:, None] < upper).mean()
    expected = {"0.1": 0.5, "0.2": pytest.approx(less), "0.3": pytest.approx(1 - less)}
    files = run.add(background_rates=("0.1", "0.2", "0.3"))
    chosen = run.folder.manifest().background
    assert chosen["proxy_auroc"] == expected
    assert chosen["rate"] == (0.2 if less > 0.5 else 0.3)
    assert files["noise"].provenance["background"]["rate"] == chosen["rate"]


def test_quadrants_change_places_crosswise():
    images = np.arange(2 * 4 * 6 * 1, dtype=np.float32).reshape(2, 4, 6, 1)
    swapped = swapped_quadrants(images)
    np.testing.assert_array_equal(swapped[:, :2, :3], images[:, 2:, 3:])
    np.testing.assert_array_equal(swapped[:, :2, 3:], images[:, 2:, :3])
    np.testing.assert_array_equal(swapped_quadrants(swapped), images)


# The whole command


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Folder of data with a tiny run in run/ that has all costly scores."""
    folder = tmp_path_factory.mktemp("finished")
    write_data(folder)
    fewer = ("--max_steps=4", "--n_flows=1", "--n_samples=1", "--eval_size=10", "--bootstrap=10")
    fewer += ("--ood_datasets=hflip", "--baselines=")
    result = call(tiny_command(folder, SCORE_KEYS, "--background_rates=0.1,0.3", *fewer))
    assert result.returncode == 0, result.stderr
    return folder / "run"


def test_every_costly_score_is_in_the_table_and_has_a_cost(finished):
    with open(finished / "analysis" / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["score"] for row in rows} == {*SCORE_KEYS.partition("=")[2].split(",")}
    manifest = json.loads((finished / "manifest.json").read_text())
    passes = {"sampling", "posterior mean", "gradients", "regret", "background", "input"}
    assert manifest["costs"].keys() == passes
    assert min(manifest["costs"].values()) > 0
    assert manifest["timings"]["background training"] > 0
    assert manifest["background"]["proxy_auroc"].keys() == {"0.1", "0.3"}
    file = read_scores(finished / "scores" / "hflip.npz")
    assert np.all(file.scores["background_iwae"] != file.scores["iwae"])


def test_scoring_again_gives_the_same_bytes_and_refuses_where_members_are_gone(finished):
    metrics, scores = finished / "analysis" / "metrics.csv", finished / "scores" / "hflip.npz"
    before = metrics.read_bytes(), scores.read_bytes()
    metrics.unlink()
    scores.unlink()
    script = tiny_command(finished.parent)[:2]
    command = [*script, f"--model_dir={finished}", "--skip_train=True"]
    result = call(command)
    assert result.returncode == 0, result.stderr
    assert (metrics.read_bytes(), scores.read_bytes()) == before
    shutil.rmtree(finished / "background-0.3" / "1")
    result = call(command)
    assert result.returncode == 2
    assert str(finished / "background-0.3" / "1") in result.stderr.splitlines()[-1]
