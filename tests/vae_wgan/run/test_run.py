"""The story of a run told by a fake model; that of real ones is in test_vae_run.py."""

import csv
import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fake_model import FakeKind, FakeModel, made_up_set
from input_errors import message_of
from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.run.options import settings_of_preset
from tools.run.run_folder import RunFolder
from tools.scores.ensemble_statistics import anomaly_scores
from tools.scores.score_files import read_scores
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.run.run import Run, training_data
from vae_wgan.settings.vae_settings import VAESettings

OPTIONS = {"num_models": 2, "max_steps": 11, "viz_steps": 4, "bootstrap": 0}
TEST, NOISE = made_up_set("digits", 230), made_up_set("noise", 20, first_id=50)
DATA = ExperimentData(
    made_up_set("train", 10),
    made_up_set("calibration", 9, first_id=10),
    np.zeros((1, 4, 4, 1)),
    TEST,
    (dataclasses.replace(NOISE, examples=NOISE.examples + 0.1),),
    missing={},
)


class Killed(BaseException):
    """Ends a run at once, as a signal does."""


class DiesAtStep9(FakeModel):
    def train_step(self, examples, seed, step):
        if step == 9:
            raise Killed
        super().train_step(examples, seed, step)


def run(model_dir, *given, model=None, kind=FakeKind, **changes):
    """Runs to the end; the run's folder."""
    options = OPTIONS | {"score_keys": ("iwae",), "model_dir": str(model_dir)} | changes
    settings = settings_of_preset(VAESettings, "fast", **options)
    Run(kind(model, DATA), settings, set(given)).execute()
    return RunFolder(model_dir)


def outcome(folder):
    """Bytes of what must not depend on --history."""
    parts = ("scores/*", "pictures/*", "analysis/metrics.csv", "?/checkpoint-00000011.npz")
    paths = [path for part in parts for path in folder.path.glob(part)]
    return {path.relative_to(folder.path): path.read_bytes() for path in paths}


def history(folder):
    with open(folder.path / "analysis" / "history.csv", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def with_history(tmp_path_factory):
    """A run that was killed on its way and started again."""
    path = tmp_path_factory.mktemp("with_history")
    with pytest.raises(Killed):
        run(path, history=True, model=DiesAtStep9())
    return run(path, history=True)


@pytest.fixture(scope="module")
def without_history(tmp_path_factory):
    return run(tmp_path_factory.mktemp("without_history"))


class DivergesInTwo(FakeModel):
    """Two of its trainings diverge: the first member's, and that member's second attempt."""

    def initialize(self, seed):
        super().initialize(seed)
        self.begun = [*getattr(self, "begun", []), seed]
        self.diverges_at = 6 if len(self.begun) <= 2 else None


def test_a_member_that_fails_twice_costs_the_report_no_more_than_itself(tmp_path, capsys):
    folder = run(tmp_path / "run", model=DivergesInTwo())
    assert folder.manifest().left_out.keys() == {"member 0"}
    assert read_scores(folder.scores("digits")).n_members == 1
    assert "Left out: member 0: it diverged by step " in capsys.readouterr().out
    before = outcome(folder)
    assert outcome(run(tmp_path / "run")) == before  # a start again changes nothing


def test_a_run_whose_members_all_fail_says_so_in_one_line(tmp_path):
    class Diverges(FakeModel):
        def initialize(self, seed):
            super().initialize(seed)
            self.diverges_at = 6

    message = message_of(run, tmp_path / "run", model=Diverges())
    assert "all members failed; member 0 diverged by step" in message
    assert "--learning_rate" in message


def test_training_data_are_known_by_their_content():
    sets = [ExampleSet("own", np.zeros((2, 3)), np.arange(2), c * 64) for c in "ab"]
    one, other = map(training_data, sets)
    assert one != other
    assert "own" in one["train_dataset"]


def test_a_log_dir_that_cannot_be_written_ends_it_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    message = message_of(run, tmp_path / "run", log_dir=str(tmp_path / "file" / "logs"))
    assert message.startswith("--log_dir=")
    assert message.endswith("cannot be written: Not a directory")
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_flags_that_are_refused_delete_nothing(tmp_path):
    class Refusing(FakeKind):
        def attacked_sets(self, settings, data):
            raise InputError("--adversarial starts from noise")

    folder = run(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert "--adversarial" in message_of(run, tmp_path, delete_existing=True, kind=Refusing)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert folder.manifest().status == "finished"


def test_history_has_all_steps_and_changes_no_result(with_history, without_history):
    assert outcome(with_history) == outcome(without_history)
    assert len(outcome(with_history)) == 3 + 3 + 1 + 2
    rows = history(with_history)
    assert {row["step"] for row in rows} == {"4", "8", "11"}
    assert {(row["dataset"], row["n"]) for row in rows} == {("digits", "200"), ("noise", "20")}
    assert not (without_history.path / "history").exists()
    assert not (without_history.path / "analysis" / "history.csv").exists()


def test_the_last_step_has_the_scores_of_the_finished_members(with_history):
    values = {}
    for name in ("digits", "noise"):
        whole, part = (
            read_scores(folder.scores(name)) for folder in (with_history, with_history.history(11))
        )
        rows = np.searchsorted(whole.ids, part.ids)
        np.testing.assert_array_equal(whole.scores["iwae"][:, rows], part.scores["iwae"])
        values[name] = anomaly_scores("iwae", part.scores["iwae"])["mean"]
    expected = roc_auc_score(np.repeat([0, 1], [200, 20]), np.concatenate([*values.values()]))
    last = {
        row["dataset"]: row
        for row in history(with_history)
        if (row["step"], row["statistic"]) == ("11", "mean")
    }
    assert float(last["noise"]["auroc"]) == pytest.approx(expected, abs=1e-6)
    assert last["digits"]["auroc"] == ""
    assert float(last["digits"]["mean"]) == pytest.approx(values["digits"].mean(), rel=1e-5)


def test_a_finished_run_takes_the_checkpoints_that_there_are(without_history, caplog, capsys):
    caplog.set_level("INFO")
    before = outcome(without_history)
    # As an earlier start with attacks would have left it.
    without_history.update_manifest(adversarial={"adv_digits": "digits"})
    given = ("skip_train", "history")
    folder = run(without_history.path, *given, skip_train=True, history=True)
    assert "only steps 8, 11 were kept" in caplog.text
    assert {row["step"] for row in history(folder)} == {"8", "11"}
    assert outcome(folder) == before
    assert 'id="history"' in (folder.path / "analysis" / "report.html").read_text("utf-8")
