"""Scoring needs a run that is finished; what it does is in test_anomaly_run.py."""

import dataclasses

import pytest

from input_errors import message_of
from tools.run.run_folder import RunFolder
from vae_wgan.run.score_file import score_table
from vae_wgan.settings.table_settings import TableSettings


@pytest.fixture
def settings(tmp_path):
    """To score a file by the run in a folder that holds none yet."""
    (tmp_path / "new.csv").write_text("a\n1\n")
    return TableSettings(
        model_dir=str(tmp_path / "run"),
        skip_train=True,
        score_file=str(tmp_path / "new.csv"),
        output=str(tmp_path / "scores.csv"),
    )


def test_without_a_run_it_says_what_is_missing(settings):
    assert "holds no run" in message_of(score_table, settings, set())


def test_a_run_that_never_came_to_its_data_is_told(settings):
    folder = RunFolder(settings.model_dir)
    folder.update_manifest(settings=dataclasses.asdict(settings))
    assert "names no data sets" in message_of(score_table, settings, set())
