"""The report of a run over several splits: means, spreads, protocols, links to the splits' own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tools.analysis.sections.protocol import protocol_text
from tools.analysis.split_table import (
    INTERVAL_NOTE,
    KEYS,
    gains_of_splits,
    interval_over_splits,
    mean_and_spread,
    metric_names,
)
from tools.report.blocks import Block, Card, Cards, Cell, Pairs, Table, Text
from tools.report.page import page_html
from tools.report.score_words import score_name
from tools.report.text_lines import fixed, signed
from tools.run.manifest import Manifest
from tools.run.run_folder import RunFolder
from tools.scores.detection import headlines_of
from tools.scores.finished_run import read_manifest

Headlines = Sequence[tuple[str, str]]  # (score, statistic)


def split_report_html(
    folders: Sequence[Path], metrics: pd.DataFrame, table: pd.DataFrame, settings: Mapping[str, Any]
) -> str:
    """The whole page; it links to the splits' reports by paths that start from its folder.

    Args:
        folders: The splits' run folders, side by side in the folder that holds analysis/.
        metrics: Result of `metrics_of_splits`.
        table: Result of `split_table`.
        settings: Settings of the whole run.
    """
    manifests = {folder.name: read_manifest(RunFolder(folder)) for folder in folders}
    first = next(iter(manifests.values()))
    labelled = table[table["dataset"].isin(first.anomalies)]
    headlines = headlines_of(settings["score_keys"])
    sections: dict[str, list[Block]] = {
        "Verdict": _verdict(table if labelled.empty else labelled, headlines),
        "What the ensemble adds": _added(gains_of_splits(folders)),
        "Splits": [_splits(manifests, metrics, headlines)],
        "Protocol": _protocols(manifests),
    }
    if not labelled.empty:
        sections["Anomalies"] = [_metrics(labelled, "the labelled anomalies")]
    sections |= {
        "All metrics": [_metrics(table, "all sets")],
        "Settings": [Pairs("Flags of the run", settings)],
        "Provenance": _provenance(first),
    }
    shown = {title: blocks for title, blocks in sections.items() if blocks}
    name = first.datasets.in_distribution
    facts = (
        f"{len(folders)} seeded splits of {name}, each a run of its own: {settings['num_models']}"
        f" members of the model {settings['model']}."
    )
    return page_html(f"Anomaly detection: {name}, {len(folders)} splits", facts, shown)


def _verdict(table: pd.DataFrame, headlines: Headlines) -> list[Block]:
    dataset = table["dataset"].iloc[0]
    of_dataset = table[table["dataset"] == dataset].set_index(["score", "statistic"])
    cards = [_card(dataset, *pair, of_dataset.loc[pair]) for pair in headlines]
    note = (
        "Means over the splits, in brackets their standard deviations (ddof = 1). These scores"
        f" were named before this run. {INTERVAL_NOTE}"
    )
    return [Cards(cards), Text(note, is_note=True)]


def _added(gains: pd.DataFrame) -> list[Block]:
    """A row per set: the headline score beside the simple detector that is best in the mean."""
    if gains.empty:
        return []
    body = []
    for dataset, found in gains.groupby("dataset", sort=False):
        best = found.loc[found["floor_auroc"].idxmax()]
        difference = signed(best["difference"])
        if not pd.isna(best["difference_low"]):
            difference += f" [{signed(best['difference_low'])}, {signed(best['difference_high'])}]"
        aurocs = [fixed(best[name]) for name in ("auroc", "floor_auroc")]
        body.append([str(dataset), aurocs[0], str(best["floor"]), aurocs[1], difference])
    name = score_name(gains["score"].iloc[0], gains["statistic"].iloc[0])
    heads = ("data set", "AUROC", "best simple detector", "its AUROC", "difference")
    note = (
        "Means over the splits. The simple detector is the one with the highest mean AUROC on that"
        " very set, which is in its favour."
    )
    return [
        Table(f"{name} and the best simple detector of each set", heads, body),
        Text(note, is_note=True),
    ]


def _card(dataset: str, score: str, statistic: str, row: pd.Series) -> Card:
    parts = [f"average precision {mean_and_spread(row, 'ap')}"]
    parts += [
        f"{_title(name)} {mean_and_spread(row, name)}"
        for name in metric_names(row)
        if name.startswith("recall") and not pd.isna(row[name])
    ]
    auroc = f"AUROC on {dataset} {interval_over_splits(row, 'auroc')}".rstrip()
    words = f"{auroc}; {'; '.join(parts)}."
    return Card(score_name(score, statistic), mean_and_spread(row, "auroc"), words)


def _splits(
    manifests: Mapping[str, Manifest], metrics: pd.DataFrame, headlines: Headlines
) -> Table:
    """A row per split with a link to its report."""
    rows = metrics.set_index(["split", "score", "statistic"])
    dataset = metrics["dataset"].iloc[0]
    rows = rows[rows["dataset"] == dataset]
    heads = ["split", "seed", "training rows"]
    for pair in headlines:
        heads += [f"{name} of {score_name(*pair)}" for name in ("AUROC", "AP")]
    body = []
    for split, manifest in manifests.items():
        link = Cell(split, link=f"../{split}/analysis/report.html")
        training_rows = manifest.datasets.sizes["training"]
        cells: list[str | Cell] = [link, str(manifest.known_settings.seed), f"{training_rows:,}"]
        for pair in headlines:
            cells += [fixed(rows.loc[(split, *pair), name]) for name in ("auroc", "ap")]
        body.append(cells)
    caption = f"Each split's own report, and what its ensemble is worth on {dataset}"
    return Table(caption, heads, body)


def _protocols(manifests: Mapping[str, Manifest]) -> list[Block]:
    """The protocol in words, then its counts, a column per split."""
    protocols = {split: manifest.protocol for split, manifest in manifests.items()}
    words, *names = next(iter(protocols.values()))
    body = [
        [name, *(protocol_text(protocol[name]) for protocol in protocols.values())]
        for name in names
    ]
    sentence = str(next(iter(protocols.values()))[words])
    return [Text(sentence), Table("Rows of each split", ("rows", *protocols), body)]


def _metrics(table: pd.DataFrame, of_what: str) -> Table:
    names = [name for name in metric_names(table) if table[name].notna().any()]
    body = [
        [
            *(row[key] for key in KEYS),
            str(row["n_splits"]),
            *(_cell(row, name) for name in names),
        ]
        for _, row in table.iterrows()
    ]
    return Table(
        f"Mean (standard deviation) over the splits, {of_what}",
        ("data set", *KEYS[1:], "splits", *map(_title, names)),
        body,
        text_columns=len(KEYS),
        is_sortable=True,
    )


def _cell(row: pd.Series, name: str) -> Cell:
    return Cell(mean_and_spread(row, name), note=interval_over_splits(row, name))


def _title(name: str) -> str:
    """recall_492 is recall at 492; the other metrics have names as in metrics.csv."""
    metric, _, alerts = name.partition("_")
    return f"{metric} at {int(alerts):,}" if alerts.isdecimal() else name


def _provenance(manifest: Manifest) -> list[Block]:
    versions = {"git_commit": manifest.git_commit, **manifest.versions}
    checksums = manifest.datasets.checksums
    return [
        Pairs("Commit and versions, of the first split", versions),
        Pairs("Checksums of the data sets (SHA-256), of the first split", checksums),
    ]
