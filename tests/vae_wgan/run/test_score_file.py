"""New rows and pictures are scored by a finished run; tables with members: test_anomaly_run.py."""

import dataclasses
import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from input_errors import message_of
from tiny_run import bars
from tools.data.tables.table_encoder import fit_encoder
from tools.run.run_folder import RunFolder
from vae_wgan.run import score_file
from vae_wgan.run.score_file import score_pictures, score_table
from vae_wgan.run.scorer import Scorer
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.settings.vae_settings import VAESettings


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
    steps = {"max_steps": 10, "batch_size": 8}
    folder.update_manifest(settings=dataclasses.asdict(settings) | steps)
    assert "names no data sets" in message_of(score_table, settings, set())


CALIBRATION = np.arange(1.0, 10.0)  # scores of 9 rows


def training_table():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "a": random.normal(size=200),
            "b": random.normal(size=200),
            "shop": random.choice(["web", "till"], 200),
            "dead": -0.087,
            "id": [f"x{row}" for row in range(200)],
        }
    )


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Scores a table by a run whose training table is gone; its members say 10 |a|."""
    encoder = fit_encoder(training_table(), np.arange(200))
    gone = {"train_dataset": str(tmp_path / "gone.csv"), "label_column": "Class"}
    folder = RunFolder(tmp_path / "run")
    folder.update_manifest(
        settings=dataclasses.asdict(TableSettings(max_steps=10, batch_size=8)) | gone,
        datasets={"in_distribution": "own", "out_of_distribution": ["anomalies"]},
        encoder=encoder.to_json(),
    )
    ensemble = SimpleNamespace(
        calibration_scores=lambda statistic: CALIBRATION,
        scores=lambda rows, statistic: 10 * np.abs(rows[:, 0]).astype(float),
        encoder=encoder,
        score_key="iwae",
    )

    def opened(folder, settings):
        return Scorer(ensemble, "waic", settings.target_fpr)

    monkeypatch.setattr("vae_wgan.run.scorer.open_scorer", opened)
    monkeypatch.setattr("vae_wgan.ensemble.devices.prepare_devices", lambda threads: None)

    def score(table, output="scores.csv", **flags):
        if isinstance(table, pd.DataFrame):
            table.to_csv(tmp_path / "new.csv", index=False)
        settings = TableSettings(
            model_dir=str(folder.path),
            skip_train=True,
            score_file=str(tmp_path / "new.csv"),
            output=str(tmp_path / output),
            **flags,
        )
        score_table(settings, {"target_fpr"})
        read = pd.read_csv if output.endswith("csv") else pd.read_parquet
        return read(tmp_path / output)

    score.ensemble = ensemble
    return score


def test_the_run_folder_is_enough_and_columns_that_members_do_not_use_pass_through(run):
    table = training_table()[:30].assign(note="x")
    found = run(table)
    given = ["dead", "id", "note"]
    assert list(found) == ["row", "score", "p_value", "flagged", "reason", "problem", *given]
    assert found["id"].tolist() == table["id"].tolist()
    assert found["row"].tolist() == list(range(30))
    assert found[["reason", "problem"]].isna().all(axis=None)
    at_least = (found["score"].to_numpy()[:, np.newaxis] <= CALIBRATION).sum(axis=1)
    np.testing.assert_allclose(found["p_value"], (1 + at_least) / 10)


def test_parts_give_what_the_whole_gives(run, monkeypatch):
    table = training_table().assign(note=[None] * 199 + ["x"])
    whole = {name: run(table, name) for name in ("whole.csv", "whole.parquet")}
    monkeypatch.setattr(score_file, "PART", 7)
    pd.testing.assert_frame_equal(run(table, "parts.csv"), whole["whole.csv"])
    pd.testing.assert_frame_equal(run(table, "parts.parquet"), whole["whole.parquet"])


def test_rows_that_cannot_be_scored_are_lines_with_a_reason(run, caplog):
    table = training_table()[:5].astype({"a": object})
    table.loc[1, "a"], table.loc[3, "b"], table.loc[4, "shop"] = "x", None, "stall"
    with caplog.at_level(logging.INFO):
        found = run(table)
    assert found["problem"].fillna("").tolist() == [
        "",
        "column a: 'x' is no number",
        "",
        "column b is missing",
        "",
    ]
    assert found["score"].isna().tolist() == [False, True, False, True, False]
    assert found["flagged"].isna().tolist() == [False, True, False, True, False]
    assert "column shop: 1 rows have a text, as 'stall', that is none" in caplog.text
    assert "5 rows by iwae.waic, " in caplog.messages[-2]
    assert "2 not scored (row 1: column a: 'x' is no number" in caplog.messages[-2]
    assert "over the file's order no sign of a change over 3 rows" in caplog.messages[-1]


def test_strict_data_refuses_them_and_writes_nothing(run, tmp_path):
    table = training_table()[:5].astype({"a": object})
    table.loc[1, "a"] = "x"
    message = message_of(run, table, strict_data=True)
    assert "new.csv: row 1: column a: 'x' is no number" in message
    assert not (tmp_path / "scores.csv").exists()


def test_the_largest_anomaly_is_one(run):
    table = training_table()[:6]
    table.loc[2, "b"], table.loc[4, "a"] = 1e308, -np.inf
    found = run(table, target_fpr=0.01)  # below 1 / 10, so that members flag none
    assert found["flagged"].tolist() == [0, 0, 1, 0, 1, 0]
    assert (found["score"][[2, 4]] > found["score"][[0, 1, 3, 5]].max()).all()
    assert found["p_value"][[2, 4]].tolist() == [0.1, 0.1]
    assert found["reason"][[2, 4]].tolist() == [
        "b is beyond all numbers",
        "a is beyond all numbers",
    ]


def test_a_score_that_is_no_number_names_the_column_that_is_furthest_off(run, monkeypatch):
    table = training_table()[:3]
    table.loc[1, "b"] = 1e9
    scores = np.array([1.0, np.nan, 2.0])
    monkeypatch.setattr(run.ensemble, "scores", lambda rows, _: scores)
    found = run(table)
    assert found["reason"].fillna("").tolist() == ["", "b is beyond all numbers", ""]
    assert found["flagged"].tolist() == [0, 1, 0]


def test_what_never_moved_in_training_is_flagged_when_it_moves(run):
    table = training_table()[:20].assign(a=0.0)
    table.loc[0, "dead"] = 5.0
    found = run(table, target_fpr=0.01)
    assert found["flagged"].tolist() == [1] + [0] * 19
    assert found["p_value"][0] == 0.1
    assert found["reason"][0] == "dead is 5.0, and was always -0.087 in training"


def test_missing_columns_are_named(run):
    assert "new.csv: the table lacks a, shop" in message_of(
        run, training_table()[:3].drop(columns=["a", "shop"])
    )


def test_the_scored_table_is_not_written_over(run, tmp_path):
    message = message_of(run, training_table()[:3], "new.csv", overwrite=True)
    assert "new.csv is " in message
    assert pd.read_csv(tmp_path / "new.csv").shape == (3, 5)


def test_a_target_that_no_p_value_reaches_is_said(run, caplog):
    run(training_table()[:5], target_fpr=0.2)
    assert "flags no row" not in caplog.text
    run(training_table()[:5], overwrite=True, target_fpr=0.05)
    assert "--target_fpr=0.05 flags no row: of 9 calibration rows" in caplog.text


def test_pictures_are_scored_by_the_runs_headline_and_a_broken_one_costs_itself(
    tiny_run, tmp_path, caplog
):
    folder = tiny_run("vae").folder
    pictures = tmp_path / "new" / "of today"
    pictures.mkdir(parents=True)
    for number, image in enumerate(bars(3, seed=5)):
        Image.fromarray(image).save(pictures / f"{number}.png")
    (pictures / "1b.png").write_bytes(b"no picture")
    Image.new("L", (30, 28)).save(pictures.parent / "wide.png")

    def score(**flags):
        settings = VAESettings(
            model_dir=str(folder / "run"), output=str(tmp_path / "s.csv"), skip_train=True, **flags
        )
        with caplog.at_level(logging.INFO):
            score_pictures(settings, {"target_fpr", *flags})
        return pd.read_csv(tmp_path / "s.csv")

    found = score(score_file=str(tmp_path / "new"), target_fpr=0.3)
    names = ["0.png", "1.png", "1b.png", "2.png"]
    assert list(found) == ["path", "score", "p_value", "flagged", "reason", "problem"]
    assert found["path"].tolist() == [*(f"of today/{name}" for name in names), "wide.png"]
    assert found["score"].isna().tolist() == [False, False, True, False, False]
    assert "1b.png" in found["problem"][2]
    assert "5 pictures by likelihood_residual" in caplog.text
    np.save(tmp_path / "same.npy", bars(3, seed=5))
    same = score(score_file=str(tmp_path / "same.npy"))
    assert same["path"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(same["score"], found["score"][[0, 1, 3]])
    settings = {"score_file": str(tmp_path / "new"), "strict_data": True}
    assert "1b.png: " in message_of(score, **settings)
    found = score(score_file=str(tmp_path / "new"), explain=True, target_fpr=0.99)
    assert (found["flagged"] == 1).any()
    expected = {f"of-today-{n}.png.png" for n in range(3) if found["flagged"][[0, 1, 3][n]] == 1}
    expected |= {"wide.png.png"} if found["flagged"][4] == 1 else set()
    maps = tmp_path / "s_maps"
    assert {path.name for path in maps.iterdir()} == expected
    with Image.open(next(maps.iterdir())) as overlay:
        assert overlay.size == (224, 224)
    assert "s_maps is there already" in message_of(score, explain=True, **settings)


def test_numbers_of_another_range_than_in_training_are_refused_unless_a_flag_says_so(
    tiny_run, tmp_path, monkeypatch
):
    folder = RunFolder(tiny_run("vae").folder / "run")
    trained_on_floats = dataclasses.replace(folder.manifest(), value_range=(0.0, 1.0))
    monkeypatch.setattr(RunFolder, "manifest", lambda folder: trained_on_floats)
    np.save(tmp_path / "new.npy", bars(2).astype(float))
    settings = VAESettings(
        model_dir=str(folder.path),
        skip_train=True,
        score_file=str(tmp_path / "new.npy"),
        output=str(tmp_path / "s.csv"),
    )
    message = message_of(score_pictures, settings, set())
    assert "in the run's own images 0 was black and 1 white" in message
    by_hand = dataclasses.replace(settings, value_range=("0", "255"))
    score_pictures(by_hand, {"value_range"})
    assert len(pd.read_csv(tmp_path / "s.csv")) == 2
