import csv
import json
import re

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from run_folder_fixture import change_manifest, change_scores, table_of, write_run
from tools.analysis.run_analysis import ensemble_analysis, main
from tools.errors import InputError
from tools.files.whole_files import read_npz, write_npz
from tools.scores.bootstrap import auroc_draws
from tools.scores.detection import AnalysisOptions, DetectionTable, mean_auroc
from tools.scores.ensemble_statistics import STATISTICS
from tools.scores.finished_run import read_pictures, read_run, read_samples
from tools.scores.score_files import read_scores


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "run")


def analyse(folder, *, keys=("iwae", "rate"), bootstrap=20, elbo_threshold=None):
    return ensemble_analysis(
        folder.path, keys, AnalysisOptions(bootstrap, elbo_threshold=elbo_threshold)
    )


def rows_by_name(folder):
    return {(row.dataset, row.score, row.statistic): row for row in table_of(folder).rows}


def written_rows(folder):
    with open(folder.path / "analysis" / "metrics.csv", newline="") as file:
        return {(r["dataset"], r["score"], r["statistic"]): r for r in csv.DictReader(file)}


def values(folder, dataset, key):
    return read_scores(folder.scores(dataset)).scores[key].astype(float)


def slow_auroc(scores_in, scores_out):
    is_ood = np.repeat([0, 1], [len(scores_in), len(scores_out)])
    return roc_auc_score(is_ood, np.concatenate([scores_in, scores_out]))


def test_analysis_leaves_tables_plots_and_report(folder):
    analysis = analyse(folder)
    files = {path.name for path in (folder.path / "analysis").iterdir()}
    assert {"metrics.csv", "metrics.json", "report.html", "roc_iwae_waic.png"} <= files
    assert {"extremes_near.png", "reconstructions_far.png", "training_history.png"} <= files
    assert analysis.report.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert "Highest worst AUROC, mirrored images not counted" in analysis.text
    assert isinstance(analysis.table, DetectionTable)
    value = json.loads((folder.path / "analysis" / "metrics.json").read_text("utf-8"))
    assert len(value["rows"]) == len(written_rows(folder)) == 2 * 2 * 6


def test_metrics_of_each_statistic_are_right(folder):
    rows = rows_by_name(folder)
    l_in, l_out = values(folder, "digits", "iwae"), values(folder, "near", "iwae")
    formulas = {
        "mean": lambda members: -members.mean(axis=0),
        "variance": lambda members: members.var(axis=0),
        "waic": lambda members: members.var(axis=0) - members.mean(axis=0),
        "mixture": lambda members: -np.log(np.exp(members).sum(axis=0)),
    }
    for statistic, formula in formulas.items():
        row = rows["near", "iwae", statistic]
        assert row.auroc == pytest.approx(slow_auroc(formula(l_in), formula(l_out)), abs=1e-12)
        assert row.auroc_low <= row.auroc <= row.auroc_high
        assert (row.train_dataset, row.n_members, row.n_in, row.n_out) == ("digits", 3, 40, 40)


def test_single_is_the_mean_over_members_with_their_spread(folder):
    row = rows_by_name(folder)["near", "iwae", "single"]
    l_in, l_out = values(folder, "digits", "iwae"), values(folder, "near", "iwae")
    aurocs = [slow_auroc(-l_in[member], -l_out[member]) for member in range(3)]
    assert row.auroc == pytest.approx(np.mean(aurocs))
    assert row.spread["auroc"] == pytest.approx(np.std(aurocs, ddof=1))
    means = auroc_draws(-l_in, -l_out, draws=50, seed=0).mean(axis=0)
    expected = np.quantile(means, [0.025, 0.975])
    np.testing.assert_allclose([row.auroc_low, row.auroc_high], expected)


def test_rate_is_higher_for_anomalies(folder):
    change_scores(folder, "near", lambda scores: scores | {"rate": scores["rate"] + 100})
    assert rows_by_name(folder)["near", "rate", "mean"].auroc == 1


def test_copies_of_one_member_are_that_member(folder):
    def copy_first(scores):
        return {key: np.repeat(scores[key][:1], 3, axis=0) for key in scores}

    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, copy_first)
    rows = rows_by_name(folder)
    for dataset in ("near", "far"):
        for key in ("iwae", "rate"):
            single = rows[dataset, key, "single"]
            for statistic in ("mean", "waic", "mixture"):
                assert rows[dataset, key, statistic].auroc == single.auroc
                assert rows[dataset, key, statistic].auroc_low == single.auroc_low
            assert rows[dataset, key, "variance"].auroc == 0.5
            assert single.spread["auroc"] == 0


def test_the_same_files_give_the_same_bytes(folder):
    def contents():
        return {path.name: path.read_bytes() for path in (folder.path / "analysis").iterdir()}

    analyse(folder)
    first = contents()
    analyse(folder)
    assert contents() == first


def test_rows_of_a_set_do_not_depend_on_the_other_sets_and_scores(folder):
    together = table_of(folder, keys=("iwae", "rate")).rows
    change_manifest(folder, out_of_distribution=["far"])
    alone = list(table_of(folder, keys=("rate",)).rows)
    assert alone == [row for row in together if (row.score, row.dataset) == ("rate", "far")]


def test_mean_auroc_is_over_the_sets(folder):
    rows = table_of(folder).rows
    means = mean_auroc(rows)
    assert list(means) == [(key, statistic) for key in ("iwae", "rate") for statistic in STATISTICS]
    aurocs = [r.auroc for r in rows if (r.score, r.statistic) == ("rate", "waic")]
    assert means["rate", "waic"] == pytest.approx(sum(aurocs) / 2)


@pytest.mark.parametrize("size", [{"members": 1}, {"examples": 1}])
def test_one_member_or_one_example(tmp_path, size):
    folder = write_run(tmp_path, **size)
    rows = {(row.dataset, row.score, row.statistic): row for row in analyse(folder).table.rows}
    far = rows["far", "iwae", "mean"]
    assert far.auroc == far.auroc_high == 1
    # What no wrong pair among so many says: Clopper and Pearson's bound.
    assert far.auroc_low == pytest.approx(0.025 ** (1 / size.get("examples", 40)))


def test_sets_of_different_sizes(folder):
    change_scores(folder, "near", lambda scores: {key: scores[key][:, :7] for key in scores})
    row = table_of(folder).rows[0]
    assert (row.dataset, row.n_in, row.n_out) == ("near", 40, 7)


def test_score_keys_given_twice_count_once(folder):
    assert analyse(folder, keys=["rate", "iwae", "rate"]).table.score_keys == ("rate", "iwae")


FAULTS = {
    "no manifest": (lambda f: f.manifest_path.unlink(), "manifest.json is missing"),
    "damaged manifest": (lambda f: f.manifest_path.write_text("{"), "manifest.json cannot be"),
    "unscored run": (lambda f: f.update_manifest(datasets={}), "names no data sets"),
    "no OoD set": (
        lambda f: change_manifest(f, out_of_distribution=["lost"]),
        "no scored OoD set.*--ood_datasets",
    ),
    "missing scores": (lambda f: f.scores("far").unlink(), "far.npz is missing"),
    "missing calibration": (lambda f: f.scores("calibration").unlink(), "calibration.npz is"),
    "unknown attack": (
        lambda f: f.update_manifest(adversarial={"elsewhere": "near"}),
        "adversarial names sets that are not scored",
    ),
    "damaged scores": (lambda f: f.scores("far").write_bytes(b"PK"), "far.npz is damaged"),
    "empty set": (
        lambda f: change_scores(f, "near", lambda s: {k: s[k][:, :0] for k in s}),
        "near: no scores",
    ),
    "another number of members": (
        lambda f: change_scores(f, "near", lambda s: {k: s[k][:2] for k in s}),
        "near.npz has 2 members and digits has 3",
    ),
    "damaged pictures": (lambda f: f.pictures("near").write_bytes(b"PK"), "near.npz is damaged"),
    "half the pictures": (lambda f: np.savez(f.pictures("near"), most_ids=[1]), "lacks first_ids"),
    "pictures of other rows": (
        lambda f: f.pictures("near").write_bytes(f.pictures("far").read_bytes()),
        "near.npz shows rows that have no scores",
    ),
    "damaged history": (
        lambda f: (f.member(1) / "history.jsonl").write_text('{"step": 1}\n{"st'),
        "history.jsonl is damaged",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_run_is_refused_in_one_line(folder, fault, capsys):
    break_run, message = FAULTS[fault]
    break_run(folder)
    assert main([str(folder.path)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(f".*{message}.*\n", printed.err)
    assert not (folder.path / "analysis").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"keys": ["iwea"]}, "--score_keys: no score is called 'iwea'; known are iwae, elbo"),
        ({"keys": []}, "--score_keys"),
        ({"keys": ["iwae", ""]}, "--score_keys: no score is called ''"),
        ({"keys": ["complexity"]}, "--score_keys: no score is called 'complexity'"),
        ({"bootstrap": -1}, "--bootstrap=-1"),
        ({"elbo_threshold": float("nan")}, "--elbo_threshold=nan"),
    ],
)
def test_wrong_arguments_name_their_flag(folder, arguments, message):
    with pytest.raises(InputError, match=message):
        analyse(folder, **arguments)


def test_nan_in_a_score_that_is_not_used_does_no_harm(folder):
    def spoil(scores):
        return scores | {"distortion": scores["distortion"] * np.nan}

    change_scores(folder, "near", spoil)
    assert table_of(folder).left_out == {}
    with pytest.raises(InputError, match="no score is usable; the first one: distortion of near"):
        analyse(folder, keys=["distortion"])


@pytest.mark.parametrize(
    ("file", "arrays"),
    [
        ("0/samples.npz", {"x": np.zeros((2, 8, 8, 1), np.uint8)}),
        ("0/samples.npz", {"images": np.zeros((2, 8, 8, 1))}),
        ("0/samples.npz", {"images": np.zeros((2, 8, 8), np.uint8)}),
        ("0/samples.npz", {"images": np.zeros((1, 5000, 8, 1), np.uint8)}),
        ("0/samples.npz", {"images": np.zeros((0, 8, 8, 1), np.uint8)}),
        ("pictures/near.npz", {"most_images": np.zeros((3, 28, 28, 1), np.uint8)}),
        ("pictures/near.npz", {"first_reconstructions": np.zeros((8, 28, 28, 2), np.uint8)}),
        ("pictures/near.npz", {"first_ids": np.zeros((), np.int64)}),
    ],
)
def test_pictures_that_are_none_are_named(file, arrays, folder):
    path = folder.path / file
    write_npz(path, (read_npz(path) if path.exists() else {}) | arrays)
    run = read_run(folder, ["iwae"])
    with pytest.raises(InputError, match=str(path)):
        read_samples(run) if file == "0/samples.npz" else read_pictures(run, "near")


def test_no_plot_leaves_its_folder(folder):
    def rename(scores):
        return scores | {"../../escaped": scores["iwae"]}

    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, rename)
    with pytest.raises(InputError, match=r"no score is called '\.\./\.\./escaped'"):
        analyse(folder, keys=("../../escaped", "iwae"))
    assert not list(folder.path.parent.glob("*escaped*"))
