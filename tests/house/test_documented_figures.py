"""Figures in README and in pages of docs are those of docs/results, cell by cell."""

import csv
import re
from collections.abc import Iterator

import pytest

from repository_sources import ROOT
from scripts.benchmarks.table_comparison import markdown_of_summaries, read_results

Key = tuple[str, str, str]  # training set as in the file's name, score, statistic
RESIDUAL, WAIC = ("likelihood_residual", "ensemble"), ("iwae", "waic")
FOUR = (("residual_and_gradient", "ensemble"), RESIDUAL, ("fisher", "ensemble"), WAIC)
SETS = {
    "MNIST": "mnist",
    "Fashion-MNIST": "fashion_mnist",
    "notMNIST": "notmnist",
    "Omniglot": "omniglot",
    "EMNIST letters": "emnist_letters",
    "mirrored test images": "hflip",
}
SCORES = {
    "`critic_distance`": ("critic_distance", "ensemble"),
    "`extra_logit` variance": ("extra_logit", "variance"),
    "`logit` mean": ("logit", "mean"),
    "`extra_logit` mean": ("extra_logit", "mean"),
}
SPLITS = {
    "VAEs, `iwae` mean": ("credit", "iwae", "mean"),
    "VAEs, `iwae` WAIC": ("credit", "iwae", "waic"),
    "VAEs, `mean_and_variance`": ("credit", "mean_and_variance", "ensemble"),
    "flows, mean": ("credit_flow", "log_likelihood", "mean"),
    "flows, WAIC": ("credit_flow", "log_likelihood", "waic"),
    "one Gaussian": ("credit", "gaussian", "ensemble"),
    "mixture of ten Gaussians": ("credit", "gaussian_mixture", "ensemble"),
    "PCA reconstruction": ("credit", "pca_reconstruction", "ensemble"),
    "isolation forest": ("credit", "isolation_forest", "ensemble"),
    "variance of posterior means": ("credit", "posterior_mean_variance", "ensemble"),
    "the same, untrained": ("credit", "untrained_posterior_mean_variance", "ensemble"),
}


def tables(page: str) -> list[list[list[str]]]:
    """The tables of a page, as cells."""
    text = (ROOT / page).read_text("utf-8")
    blocks = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)
    return [[[c.strip() for c in line.strip("|").split("|")] for line in b.splitlines()]
            for b in blocks]  # fmt: skip


def results(name: str) -> dict[tuple[str, str, str], dict[str, str]]:
    """The rows of docs/results/NAME.csv by data set, score and statistic."""
    with open(ROOT / "docs" / "results" / f"{name}.csv", newline="") as file:
        return {(r["dataset"], r["score"], r["statistic"]): r for r in csv.DictReader(file)}


def image_cells() -> Iterator[tuple[str, Key, str]]:
    """Text of a cell, the run and score it is of, and the data set."""
    both = [(train, *pair) for train in ("mnist", "fashion_mnist") for pair in (RESIDUAL, WAIC)]
    (readme,) = (table for table in tables("README.md") if table[0][0] == "tested on")
    for label, *cells in readme[2:]:
        yield from ((cell, key, SETS[label]) for cell, key in zip(cells, both, strict=True))
    measured = tables("docs/measured.md")
    wide = [table for table in measured if table[0][0] == "tested on"]
    for train, table in zip(("mnist", "fashion_mnist"), wide, strict=True):
        for label, *cells in table[2:]:
            yield from (
                (cell, (train, *pair), label) for cell, pair in zip(cells, FOUR, strict=True)
            )
    for table in measured:
        if table[0][0].startswith("trained on"):
            train = f"wgan_{SETS[table[0][0].removeprefix('trained on ')]}"
            for label, *cells in table[2:]:
                if label in SCORES:
                    keys = [(train, *SCORES[label])] * len(cells)
                    yield from zip(cells, keys, table[0][1:], strict=True)


def figure(text: str) -> str:
    return f"{float(text):.3f}".removeprefix("0")


def test_tables_of_images_have_the_figures_of_the_runs():
    wrong, seen = [], 0
    for cell, (train, score, statistic), dataset in image_cells():
        if not cell:
            continue
        row = results(train)[dataset, score, statistic]
        expected = figure(row["auroc"])
        if "[" in cell:
            expected += f" [{figure(row['auroc_low'])}, {figure(row['auroc_high'])}]"
        seen += 1
        if cell != expected:
            wrong.append((train, score, dataset, cell, expected))
    assert wrong == []
    assert seen > 100


def test_the_table_of_frauds_has_the_figures_of_the_runs():
    (table,) = (table for table in tables("docs/measured.md") if table[0][0] == "score")
    found = {label: cells for label, *cells in table[2:]}
    assert SPLITS.keys() < found.keys()
    for label, (name, score, statistic) in SPLITS.items():
        row = results(name)["fraud", score, statistic]
        metrics = [f"{figure(row[m])} ({figure(row[f'{m}_sd'])})" for m in ("auroc", "ap")]
        assert found[label][:3] == [*metrics, figure(row["recall_492"])], label


@pytest.mark.parametrize("name", ["adbench", "mixed"])
def test_the_comparison_on_tables_is_that_of_the_results(name):
    text = (ROOT / "docs" / "results" / f"{name}.csv").read_text("utf-8")
    page = (ROOT / "docs" / "own_tables.md").read_text("utf-8")
    assert markdown_of_summaries(read_results(text)) in page


def test_no_interval_is_a_point():
    for path in (ROOT / "docs" / "results").glob("*.csv"):
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                if row.get("auroc_low"):
                    assert row["auroc_low"] < row["auroc_high"], (path.name, row)


@pytest.mark.parametrize(
    ("sentence", "name", "row", "digits"),
    [
        (r"against CelebA is (\.\d+)", "cifar10", ("celeba", "iwae", "mean"), 3),
        (r"that of `likelihood_residual` (\.\d+)", "cifar10", ("celeba", *RESIDUAL), 3),
        (r"and of WAIC (\.\d+)", "cifar10", ("celeba", *WAIC), 3),
        (r"average precision of (\.\d+)", "credit_flow", ("fraud", "log_likelihood", "mean"), 3),
        (r"VAEs (\.\d+) and one", "credit", ("fraud", "iwae", "mean"), 3),
        (r"one\s+Gaussian (\.\d+)", "credit", ("fraud", "gaussian", "ensemble"), 3),
    ],
)
def test_sentences_of_the_readme_have_the_figures_of_the_runs(sentence, name, row, digits):
    (found,) = re.findall(sentence, (ROOT / "README.md").read_text("utf-8"))
    metric = "auroc" if name == "cifar10" else "ap"
    assert found == f"{float(results(name)[row][metric]):.{digits}f}".removeprefix("0")
