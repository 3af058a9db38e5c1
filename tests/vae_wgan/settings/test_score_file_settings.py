"""Flags that score a file go together, for pictures as for rows."""

import pytest

from input_errors import message_of
from vae_wgan.settings.score_file_settings import ScoreFileSettings
from vae_wgan.settings.wgan_settings import WGANSettings

GOOD = {"score_file": "new", "output": "scores.csv", "skip_train": True}


def test_the_training_data_of_a_finished_run_may_be_gone():
    settings = WGANSettings(**GOOD, train_dataset="gone/", ood_datasets=("a=gone.npz",))
    assert isinstance(settings, ScoreFileSettings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"output": ""}, "--score_file and --output go together"),
        ({"output": "scores.txt"}, "--output=scores.txt: its name ends in .csv or .parquet"),
        ({"skip_train": False}, "--score_file needs --skip_train"),
        ({"target_fpr": 1.0}, "--target_fpr=1.0: must be below 1"),
        ({"launcher": "processes"}, "scores in one process"),
    ],
)
def test_contradictions_are_named(change, words):
    assert words in message_of(WGANSettings, **(GOOD | change))
