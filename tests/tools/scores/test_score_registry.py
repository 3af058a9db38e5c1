"""All fitted scores by one contract; and that a new one is a function and a line."""

import subprocess
import sys
from zlib import crc32

import numpy as np
import pytest
from scipy.stats import yeojohnson, yeojohnson_normmax

from repository_sources import ROOT
from run_folder_fixture import table_of, write_run
from tools.errors import InputError
from tools.scores import score_registry as registry
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores, write_scores
from tools.scores.score_registry import (
    FITTED_SCORES,
    FittedScore,
    fitted_scores,
    met_by,
    needed_quantities,
)

MEMBERS, CALIBRATION, EXAMPLES = 3, 200, 40
INPUTS = registry.INPUT_PROPERTIES
KEYS = sorted(FITTED_SCORES)
# How an anomaly moves each statistic, in standard deviations.
LOWER = {"iwae", "elbo", "laplace", "log_likelihood"}
SHIFT = 6.0


def statistics(seed, count, shift=0.0, members=MEMBERS):
    """Made-up statistics of examples that differ; those that are shifted are anomalies."""
    prefixes = {registry.GRADIENT_NORMS: ("kernel", "bias"), registry.SIMPLE_PARTS: ("whole",)}
    names = needed_quantities(FITTED_SCORES) - {*prefixes}
    names |= {prefix + name for prefix, ends in prefixes.items() for name in ends}
    found = {}
    for name in sorted(names):
        lines = 1 if name in INPUTS else members
        random = np.random.default_rng([seed, crc32(name.encode())])  # whatever others there are
        common, own = random.normal(size=count), random.normal(size=(lines, count))
        moved = 0 if name in INPUTS else -shift if name in LOWER else shift
        # Members disagree about anomalies.
        found[name] = 20 + common + 0.3 * (1 + shift / 3) * own + moved
    return found


@pytest.mark.parametrize("key", KEYS)
def test_scores_are_higher_for_anomalies(key):
    fitted = statistics(0, CALIBRATION)
    score = FITTED_SCORES[key].compute
    normal = score(statistics(1, EXAMPLES), fitted)
    anomalous = score(statistics(2, EXAMPLES, SHIFT), fitted)
    assert normal.shape == anomalous.shape == (EXAMPLES,)
    assert np.mean(anomalous[:, None] > normal) > 0.99


@pytest.mark.parametrize("key", KEYS)
def test_a_score_of_an_example_depends_on_it_and_the_calibration_split_alone(key):
    fitted, examples = statistics(0, CALIBRATION), statistics(1, EXAMPLES)
    together = FITTED_SCORES[key].compute(examples, fitted)
    alone = {name: values[:, 7:8] for name, values in examples.items()}
    np.testing.assert_allclose(FITTED_SCORES[key].compute(alone, fitted), together[7:8])


@pytest.mark.parametrize("key", KEYS)
def test_copies_of_one_member_score_as_that_member(key):
    one = [statistics(seed, 50, members=1) for seed in (1, 0)]
    copies = [{n: v if n in INPUTS else np.repeat(v, 3, axis=0) for n, v in p.items()} for p in one]
    scores, same = (FITTED_SCORES[key].compute(*pair) for pair in (one, copies))
    assert np.array_equal(np.argsort(scores), np.argsort(same))


@pytest.mark.parametrize("key", KEYS)
def test_constant_images_and_a_split_of_two_rows_give_finite_scores(key):
    examples = statistics(1, EXAMPLES)
    for count in (2, CALIBRATION):
        fitted = statistics(0, count)
        fitted |= {name: np.full((1, count), 5.0) for name in INPUTS}
        assert np.isfinite(FITTED_SCORES[key].compute(examples, fitted)).all()
    constant = {name: np.repeat(values[:, :1], 30, axis=1) for name, values in fitted.items()}
    assert np.isfinite(FITTED_SCORES[key].compute(examples, constant)).all()


def test_needs_are_names_or_what_begins_with_them():
    assert met_by("iwae", ["iwae", "iwae2"]) == {"iwae"}
    assert met_by("gradient_norm.", ["gradient_norm.a", "gradient", "iwae"]) == {"gradient_norm.a"}
    assert needed_quantities(["rate", "bias_corrected"]) == {
        "rate",
        "iwae",
        "highest_log_likelihood",
    }


def test_each_fitted_score_belongs_to_one_kind_of_models():
    kinds = [
        fitted_scores(name) for name in ("likelihoods", "critics", "denoisers", "rows", "features")
    ]
    assert sorted(key for keys in kinds for key in keys) == sorted(FITTED_SCORES)
    assert kinds[1] == ("critic_distance",)
    assert "denoising_residual" in kinds[2]
    assert "combined" in kinds[3]


def test_members_have_a_part_in_the_score_of_images_once_they_can_be_calibrated():
    score, examples = FITTED_SCORES["combined_images"].compute, statistics(1, EXAMPLES)
    parts = sum(examples[f"simple.{name}"].mean(axis=0) for name in ("whole", "local"))
    few, many = (score(examples, statistics(0, count)) - parts for count in (19, 20))
    np.testing.assert_allclose(few, 0, atol=1e-9)
    assert many.min() >= 0
    residual = FITTED_SCORES["likelihood_residual"].compute(examples, statistics(0, 20))
    assert (np.diff(many[np.argsort(residual)]) > -1e-9).all()


def test_the_critics_distance_is_mahalanobis_of_all_logits_each_made_normal():
    examples, fitted = statistics(1, EXAMPLES), statistics(0, CALIBRATION)
    examples, fitted = (
        np.concatenate([part["extra_logit"], np.exp(part["logit"] / 20)])
        for part in (examples, fitted)
    )
    parts = ({"extra_logit": p[:MEMBERS], "logit": p[MEMBERS:]} for p in (examples, fitted))
    scores = FITTED_SCORES["critic_distance"].compute(*parts)
    low, high = fitted.min(axis=1, keepdims=True), fitted.max(axis=1, keepdims=True)
    # Beyond the calibration's range the powers go on as straight lines.
    is_inside = ((examples >= low) & (examples <= high)).all(axis=0)
    assert is_inside.mean() > 0.8
    expected = []
    powers = [yeojohnson_normmax(line) for line in fitted]
    examples, fitted = (
        np.stack([yeojohnson(line, power) for line, power in zip(part, powers, strict=True)])
        for part in (examples, fitted)
    )
    inverse = np.linalg.inv(np.cov(fitted, bias=True))
    for difference in (examples - fitted.mean(axis=1, keepdims=True)).T:
        expected.append(difference @ inverse @ difference)
    np.testing.assert_allclose(scores[is_inside], np.array(expected)[is_inside], rtol=1e-3)


# In a run


def add_statistics(folder):
    """Gives the made-up run all that the scores need."""
    for seed, name in enumerate(("digits", "calibration", "near", "far")):
        file = read_scores(folder.scores(name))
        made = statistics(seed, 40, shift=0.5 * (name == "near") + 5 * (name == "far"))
        members = {n: v for n, v in made.items() if n not in INPUTS}
        write_scores(folder.scores(name), members | file.scores, file.ids, file.provenance)
        write_scores(folder.inputs(name), {n: made[n] for n in INPUTS}, file.ids, {})
    return folder


def test_all_fitted_scores_are_rows_of_the_table_and_the_first_is_named(tmp_path):
    table = table_of(add_statistics(write_run(tmp_path)), keys=("iwae", *FITTED_SCORES), draws=5)
    fitted = [row for row in table.rows if row.statistic == "ensemble"]
    assert {row.score for row in fitted} == FITTED_SCORES.keys()
    assert all(row.auroc > 0.9 for row in fitted if row.dataset == "far")
    assert table.headlines == (
        ("combined", "ensemble"),
        ("combined_flow", "ensemble"),
        ("combined_images", "ensemble"),
        ("likelihood_residual", "ensemble"),
        ("denoising_residual", "ensemble"),
        ("critic_distance", "ensemble"),
        ("combined_features", "ensemble"),
        ("iwae", "waic"),
        ("iwae", "mean"),
    )


def test_no_other_set_reaches_a_fit(tmp_path, monkeypatch):
    folder = add_statistics(write_run(tmp_path))
    run = read_run(folder, list(FITTED_SCORES))
    fitted, scored = [], []

    def spy(calibration):
        fitted.append(calibration["iwae"])
        return score

    def score(examples):
        scored.append(examples["iwae"])
        return np.zeros(examples["iwae"].shape[1])

    monkeypatch.setitem(FITTED_SCORES, "spy", FittedScore("", ("iwae",), spy))
    table_of(folder, keys=("spy",), draws=0)
    whole, *folds = fitted
    calibration = run.scores["calibration"].scores["iwae"]
    np.testing.assert_array_equal(whole, calibration)
    # Each test set once; then the calibration split's own, for the threshold, fold by fold.
    tested, left_out = scored[: len(run.test_sets)], scored[len(run.test_sets) :]
    for examples, name in zip(tested, run.test_sets, strict=True):
        np.testing.assert_array_equal(examples, run.scores[name].scores["iwae"])
    assert len(folds) == len(left_out) == 5
    for pair in zip(folds, left_out, strict=True):
        both = np.concatenate(pair, axis=1)
        np.testing.assert_array_equal(np.sort(both, axis=1), np.sort(calibration, axis=1))


def test_statistics_that_are_not_there_are_named(tmp_path):
    folder = write_run(tmp_path)
    with pytest.raises(InputError, match="--score_keys=bias_corrected needs highest_log_lik"):
        read_run(folder, ["iwae", "bias_corrected"])
    with pytest.raises(InputError, match=r"needs gradient_norm\., which .* --skip_train=True"):
        read_run(folder, ["gradient_norm"])


def test_other_rows_of_the_inputs_are_refused(tmp_path):
    folder = add_statistics(write_run(tmp_path))
    write_scores(folder.inputs("near"), {"complexity": np.ones((1, 40))}, np.arange(40), {})
    with pytest.raises(InputError, match="other rows"):
        read_run(folder, ["iwae"])


def documented_example():
    """The code with which docs/scores.md adds a score."""
    page = (ROOT / "docs" / "scores.md").read_text("utf-8")
    (code,) = (block for block in page.split("```python\n") if "FITTED_SCORES[" in block)
    return code.partition("```")[0]


def test_a_score_of_ones_own_takes_the_ten_lines_of_its_page(tmp_path):
    folder = write_run(tmp_path / "run")
    code = documented_example()
    assert len([line for line in code.splitlines() if line]) <= 10
    (tmp_path / "own_score.py").write_text(code)
    command = [sys.executable, tmp_path / "own_score.py", folder.path, "--score_keys=elbo_gap"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    metrics = (folder.path / "analysis" / "metrics.csv").read_text()
    assert metrics.count("elbo_gap,ensemble") == 2
