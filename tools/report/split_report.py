"""The report of a run over several splits: means, spreads, protocols, links to the splits' own."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tools.report.labelled import protocol_text
from tools.report.markup import (
    Markup,
    element,
    heading,
    joined,
    number_cell,
    pairs,
    sortable_table,
    table_of,
)
from tools.report.page import page_html
from tools.report.split_table import KEYS, mean_and_spread, metric_names
from tools.report.tables import score_name
from tools.report.text_lines import fixed
from tools.run.manifest import Manifest
from tools.run.run_folder import RunFolder
from tools.scores.detection import headlines_of
from tools.scores.finished_run import read_manifest


def split_report_html(
    folders: Sequence[Path], metrics: pd.DataFrame, table: pd.DataFrame, settings: Mapping[str, Any]
) -> str:
    """The whole page; it links to the splits' reports by paths that start from its folder.

    Args:
        folders: The splits' run folders, side by side in the folder that holds analysis/.
        metrics: Of `metrics_of_splits`.
        table: Of `split_table`.
        settings: Of the whole run.
    """
    manifests = {folder.name: read_manifest(RunFolder(folder)) for folder in folders}
    first = next(iter(manifests.values()))
    labelled = table[table["dataset"].isin(first.anomalies)]
    headlines = headlines_of(settings["score_keys"])
    sections = {
        "Verdict": _verdict(table if labelled.empty else labelled, headlines),
        "Splits": _splits(manifests, metrics, headlines),
        "Protocol": _protocols(manifests),
    }
    if not labelled.empty:
        sections["Anomalies"] = _metrics(labelled, "the labelled anomalies")
    sections |= {
        "All metrics": _metrics(table, "all sets"),
        "Settings": pairs("Flags of the run", settings),
        "Provenance": _provenance(first),
    }
    name = first.datasets.in_distribution
    facts = (
        f"{len(folders)} seeded splits of {name}, each a run of its own: {settings['num_models']}"
        f" members of the model {settings['model']}."
    )
    return page_html(
        f"Anomaly detection: {name}, {len(folders)} splits",
        element("p", facts, class_="facts"),
        sections,
    )


def _verdict(table: pd.DataFrame, headlines: Iterable[tuple[str, str]]) -> Markup:
    dataset = table["dataset"].iloc[0]
    of_dataset = table[table["dataset"] == dataset].set_index(["score", "statistic"])
    cards = [_card(dataset, *pair, of_dataset.loc[pair]) for pair in headlines]
    note = (
        "Means over the splits, in brackets their standard deviations (ddof = 1). These scores"
        " were named before this run."
    )
    return joined(element("div", *cards, class_="cards"), element("p", note, class_="note"))


def _card(dataset: str, score: str, statistic: str, row: pd.Series) -> Markup:
    told = [f"average precision {mean_and_spread(row, 'ap')}"]
    told += [
        f"{_title(name)} {mean_and_spread(row, name)}"
        for name in metric_names(row)
        if name.startswith("recall") and not pd.isna(row[name])
    ]
    return element(
        "div",
        element("h3", score_name(score, statistic)),
        element("p", mean_and_spread(row, "auroc"), class_="figure"),
        element("p", f"AUROC on {dataset}; {'; '.join(told)}."),
        class_="card",
    )


def _splits(
    manifests: Mapping[str, Manifest],
    metrics: pd.DataFrame,
    headlines: Sequence[tuple[str, str]],
) -> Markup:
    """A row per split with a link to its report."""
    rows = metrics.set_index(["split", "score", "statistic"])
    dataset = metrics["dataset"].iloc[0]
    rows = rows[rows["dataset"] == dataset]
    heads = ["split", "seed", "training rows"]
    heads += [
        f"{name} of {score_name(score, statistic)}"
        for score, statistic in headlines
        for name in ("AUROC", "AP")
    ]
    body = []
    for split, manifest in manifests.items():
        link = element("a", split, href=f"../{split}/analysis/report.html")
        sizes = manifest.datasets.sizes
        numbers = [manifest.known_settings.seed, f"{sizes['training']:,}"]
        for pair in headlines:
            numbers += [fixed(rows.loc[(split, *pair), name]) for name in ("auroc", "ap")]
        body.append(element("tr", element("th", link, scope="row"), *map(number_cell, numbers)))
    caption = f"Each split's own report, and what its ensemble is worth on {dataset}"
    return table_of(caption, map(heading, heads), body, class_="matrix")


def _protocols(manifests: Mapping[str, Manifest]) -> Markup:
    """The protocol in words, then its counts, a column per split."""
    protocols = {split: manifest.protocol for split, manifest in manifests.items()}
    words, *names = next(iter(protocols.values()))
    body = (
        element(
            "tr",
            element("th", name, scope="row"),
            *(number_cell(protocol_text(protocol[name])) for protocol in protocols.values()),
        )
        for name in names
    )
    caption = "Rows of each split"
    return joined(
        element("p", next(iter(protocols.values()))[words]),
        table_of(caption, map(heading, ("rows", *protocols)), body, class_="matrix"),
    )


def _metrics(table: pd.DataFrame, of_what: str) -> Markup:
    names = [name for name in metric_names(table) if table[name].notna().any()]
    body = (
        element(
            "tr",
            element("th", row["dataset"], scope="row"),
            *(element("td", row[key]) for key in KEYS[1:]),
            number_cell(row["n_splits"]),
            *(number_cell(mean_and_spread(row, name)) for name in names),
        )
        for _, row in table.iterrows()
    )
    words = ("data set", *KEYS[1:], "splits", *map(_title, names))
    return sortable_table(f"Mean (standard deviation) over the splits, {of_what}", words, body)


def _title(name: str) -> str:
    """recall_492 is recall at 492; the other metrics have names as in metrics.csv."""
    metric, _, alerts = name.partition("_")
    return f"{metric} at {int(alerts):,}" if alerts.isdecimal() else name


def _provenance(manifest: Manifest) -> Markup:
    told = {"git_commit": manifest.git_commit, **manifest.versions}
    return joined(
        pairs("Commit and versions, of the first split", told),
        pairs(
            "Checksums of the data sets (SHA-256), of the first split", manifest.datasets.checksums
        ),
    )
