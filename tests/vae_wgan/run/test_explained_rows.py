"""Rows are explained by the columns that were moved; contributions sum to the score."""

import numpy as np
import pandas as pd
import pytest

from input_errors import message_of
from tiny_run import made_up_table
from tools.run.run_folder import RunFolder
from vae_wgan.run.explained_rows import _normal_rows, explained_rows, largest_columns
from vae_wgan.run.score_file import score_table
from vae_wgan.run.scorer import open_scorer
from vae_wgan.run.trained_ensemble import open_ensemble
from vae_wgan.settings.table_settings import TableSettings

TABLE = made_up_table(200, 1).drop(columns="Class").dropna()[:60]


@pytest.fixture(scope="module", params=["table_vae", "table_flow"])
def ensemble(request, tiny_run):
    return open_scorer(RunFolder(tiny_run(request.param).folder / "run")).ensemble


def test_contributions_sum_to_the_rise_of_the_members_score(ensemble):
    features = ensemble.encoder.encode(TABLE)
    normal = _normal_rows(ensemble, features)
    key = {"vae": "iwae", "flow": "log_likelihood"}[ensemble.settings.model]
    after, before = (ensemble.quantities(rows)[key].mean(axis=0) for rows in (features, normal))
    found = explained_rows(ensemble, features)
    assert [*found] == ["a", "b", "amount", "shop", "Time (hour of the day)"]
    np.testing.assert_allclose(found.sum(axis=1), before - after, rtol=1e-3, atol=1e-3)


def test_a_column_that_was_moved_is_among_the_first_two(ensemble):
    features = ensemble.encoder.encode(TABLE)
    places = {"b": 2, "amount": 3}  # after a, and whether a is missing
    for name, place in places.items():
        moved = features.copy()
        moved[:, place] += 4
        contributions = explained_rows(ensemble, moved)
        first_two = contributions.rank(axis=1, ascending=False)[name] <= 2
        assert first_two.mean() >= 0.95


def test_flagged_rows_of_a_file_name_their_columns(tiny_run, tmp_path):
    table = TABLE[:5].assign(b=[0.0, 0, 50, 0, 0], a=0.0)
    table.to_csv(tmp_path / "new.csv", index=False)
    settings = TableSettings(
        model_dir=str(tiny_run("table_flow").folder / "run"),
        skip_train=True,
        score_file=str(tmp_path / "new.csv"),
        output=str(tmp_path / "scores.csv"),
        explain=True,
        model="flow",
        target_fpr=0.05,
    )
    score_table(settings, {"model", "target_fpr"})
    found = pd.read_csv(tmp_path / "scores.csv")
    assert found["explanation_1"][2].startswith("b (+")
    assert found["explanation_1"].isna().tolist() == (found["flagged"] == 0).tolist()


def test_the_largest_are_told_with_their_nats():
    texts = largest_columns(pd.DataFrame({"a": [1.0, -2], "b": [12.34, 0.0], "c": [0.5, -1]}))
    assert texts.tolist() == [
        ["b (+12.3 nats)", "a (+1 nats)", "c (+0.5 nats)"],
        ["", "", ""],
    ]


def test_no_rows_have_no_explanation_and_pictures_are_not_rows(ensemble, tiny_run):
    assert explained_rows(ensemble, np.empty((0, 6), np.float32)).shape == (0, 5)
    pictures = open_ensemble(RunFolder(tiny_run("wgan").folder / "run"))
    assert "only rows of a table" in message_of(explained_rows, pictures, np.zeros((1, 2)))
