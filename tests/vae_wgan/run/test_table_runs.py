"""Which runs a command stands for; what they do is in test_anomaly_run.py."""

import pytest

from input_errors import message_of
from vae_wgan.kinds import kind_named
from vae_wgan.run import table_runs
from vae_wgan.settings.table_settings import TableSettings


@pytest.fixture
def runs(monkeypatch):
    """The settings of all runs that are started; none is."""
    started = []

    class Run:
        def __init__(self, kind, settings, given):
            self.settings = settings

        def execute(self):
            started.append(self.settings)

    monkeypatch.setattr(table_runs, "Run", Run)
    monkeypatch.setattr(table_runs, "_report_splits", lambda splits, settings: None)
    return started


def run(settings, given):
    table_runs.run(kind_named("table"), settings, given)


def test_one_split_is_one_run_in_model_dir(runs, tmp_path):
    settings = TableSettings(model_dir=str(tmp_path))
    run(settings, set())
    assert runs == [settings]


def test_flags_of_vaes_are_refused_with_flows(runs):
    settings = TableSettings(model="flow", latent_size=3)
    assert "--latent_size is for --model=vae" in message_of(run, settings, {"latent_size", "model"})
    run(settings, {"model"})
    assert runs == [settings]


def test_each_split_has_a_folder_and_a_seed_and_the_first_is_that_of_one_split(runs, tmp_path):
    run(TableSettings(model_dir=str(tmp_path), num_splits=3, seed=5), set())
    assert [settings.model_dir for settings in runs] == [
        str(tmp_path / f"split-{k}") for k in "012"
    ]
    assert runs[0].seed == 5
    assert len({settings.seed for settings in runs}) == 3
    three = [settings.seed for settings in runs]
    run(TableSettings(model_dir=str(tmp_path), num_splits=2, seed=5), set())
    assert [settings.seed for settings in runs[3:]] == three[:2]


def test_splits_do_not_replace_an_analysis_of_something_else(runs, tmp_path):
    (tmp_path / "analysis").mkdir()
    settings = TableSettings(model_dir=str(tmp_path), num_splits=2)
    assert "has an analysis of something else" in message_of(run, settings, set())
    assert not runs
