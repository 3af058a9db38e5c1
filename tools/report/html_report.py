"""The report of a run."""

import base64
from collections.abc import Iterable, Mapping, Sequence

from tools.report.altered_plots import altered_section
from tools.report.gallery import Plot
from tools.report.history_plots import history_section
from tools.report.labelled import alerts_section, anomaly_verdict, protocol_section
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
from tools.report.pool_table import HEADINGS, pool_cells
from tools.report.score_sections import ranked_scores, tinted, verdict_cards
from tools.report.tables import METRIC_COLUMNS, auroc_matrix, interval_text, score_name
from tools.report.text_lines import fixed
from tools.report.transfer_table import transfer_section
from tools.scores.detection import DetectionRow, DetectionTable, mean_auroc
from tools.scores.ensemble_statistics import STATISTICS, described
from tools.scores.flagged import FlagRule

LIKELIHOODS = {
    "bernoulli": "bernoulli on grey values in [0, 1] is not a normalised density: its values are"
    " those of the 2018 code and compare with no other likelihood's.",
    "continuous_bernoulli": "continuous_bernoulli is a normalised density on [0, 1].",
    "discretized_logistic": "discretized_logistic gives the 256 values of a pixel probabilities"
    " that sum to 1.",
}
COLUMNS = ("data set", "score", "statistic", "n in", "n out", "AUROC", "interval", "spread")
COLUMN_NAMES = (*COLUMNS, "AP", "AP in", "FPR95", "FPR99")
HOW_TO_READ = (
    "AUROC: share of pairs of an OoD and an in-distribution example that are put in the right"
    " order; 0.5 is chance. OoD is the positive class. AP and AP in: average precision with OoD,"
    " with in-distribution positive; both depend on n in and n out. FPR95, FPR99: share of OoD"
    " examples accepted where 95 %, 99 % of the in-distribution ones are. The statistic single"
    " is the mean over the members' metrics, and spread the standard deviation of their AUROCs."
)


def report_html(table: DetectionTable, plots: Sequence[Plot]) -> str:
    """The whole page.

    Args:
        table: What the analysis found.
        plots: Its plots, in their order on the page.
    """
    sections = {
        "Verdict": anomaly_verdict(table) if table.run.anomalies else verdict_cards(table),
        **_labelled_sections(table),
        "Scores": ranked_scores(table),
        "Statistics over members": joined(*(_matrix(table, key) for key in table.member_keys)),
        **_pools(table),
        **({"Attacks": transfer_section(table.transfer_rows)} if table.transfer_rows else {}),
        **({"Altered images": altered_section(table.altered_rows)} if table.altered_rows else {}),
        **({"History": history_section(table.history_rows)} if table.history_rows else {}),
        "All metrics": _full_table(table),
        "Flagged examples": _flagged(table),
        "Plots": _gallery(plots),
        "Missing data sets": _missing(table.run.missing),
        "Settings": _settings(table),
        "Provenance": _provenance(table),
    }
    subject = "Anomaly" if table.run.anomalies else "Out-of-distribution"
    title = f"{subject} detection: {table.run.in_distribution}"
    return page_html(title, _facts(table), sections)


def _labelled_sections(table: DetectionTable) -> dict[str, Markup]:
    """What only runs on tables have: the protocol, and recall and precision at alerts."""
    sections = {}
    if protocol := table.run.manifest.protocol:
        sections["Protocol"] = protocol_section(protocol)
    if table.alert_rows:
        sections["Alerts"] = alerts_section(table.alert_rows)
    return sections


def _pools(table: DetectionTable) -> dict[str, Markup]:
    """The spread over disjoint ensembles, where there are any."""
    if not table.pool_rows:
        return {}
    body = (
        element("tr", element("th", name, scope="row"), *map(number_cell, cells))
        for name, *cells in pool_cells(table.pool_rows)
    )
    caption = "AUROC over disjoint ensembles of the run's members; no member is in two of them"
    return {"Pools": sortable_table(caption, HEADINGS, body)}


def _facts(table: DetectionTable) -> Markup:
    run, row = table.run, table.rows[0]
    missing = f" ({len(run.missing)} more could not be had)" if run.missing else ""
    return element(
        "p",
        f"Members: {run.n_members}. Likelihood: {run.manifest.likelihood}. {row.n_in:,} test"
        f" examples of {run.in_distribution} against {len(run.out_of_distribution)} OoD"
        f" sets{missing}.",
        class_="facts",
    )


def _matrix(table: DetectionTable, score_key: str) -> Markup:
    matrix = auroc_matrix(table, score_key)
    means = mean_auroc(table.rows)
    body = (
        element("tr", element("th", name, scope="row"), *map(tinted, rows.values()))
        for name, rows in matrix.items()
    )
    mean_cells = (number_cell(fixed(means[score_key, statistic])) for statistic in STATISTICS)
    return table_of(
        f"AUROC of {score_key} ({described(score_key)})",
        [heading(name) for name in ("data set", *STATISTICS)],
        body,
        foot=element("tr", element("th", "mean", scope="row"), *mean_cells),
        class_="matrix",
    )


def _full_table(table: DetectionTable) -> Markup:
    caption = f"{len(table.rows)} rows; a click on a heading sorts them"
    body = (element("tr", *_cells(row)) for row in table.rows)
    return joined(
        element("p", HOW_TO_READ, class_="note"),
        element("p", _interval_note(table.draws), class_="note"),
        sortable_table(caption, COLUMN_NAMES, body),
    )


def _cells(row: DetectionRow) -> Iterable[Markup]:
    yield element("th", row.dataset, scope="row")
    yield from (element("td", text) for text in (row.score, row.statistic))
    yield from (number_cell(size) for size in (row.n_in, row.n_out))
    yield number_cell(fixed(row.auroc))
    yield number_cell(interval_text(row))
    yield number_cell(fixed(row.spread["auroc"]) if row.spread else "")
    yield from (number_cell(fixed(getattr(row, column))) for column in METRIC_COLUMNS)


def _interval_note(draws: int) -> str:
    if not draws:
        return "No intervals: the bootstrap had 0 draws."
    return (
        f"Intervals: 95 %, stratified bootstrap of {draws:,} draws over the examples, for this one"
        " ensemble. An interval of no width at AUROC 1 says that no resample has a pair in the"
        " wrong order, not that there is none."
    )


def _flagged(table: DetectionTable) -> Markup:
    rules = table.flag_rules
    body = (
        element(
            "tr",
            element("th", name, scope="row"),
            number_cell(f"{rules[0].total[name]:,}"),
            *(number_cell(_share(rule.flagged[name], rule.total[name])) for rule in rules),
        )
        for name in table.run.test_sets
    )
    heads = map(heading, ("data set", "n", *map(_rule_name, rules)))
    caption = "Examples whose score, higher = more anomalous, exceeds the threshold"
    return table_of(caption, heads, body, class_="matrix")


def _rule_name(rule: FlagRule) -> Markup:
    calibrated = "95th percentile of the calibration split"
    source = "elbo_threshold" if rule.source == "elbo_threshold" else calibrated
    score = score_name(rule.score, rule.statistic)
    return joined(f"{score} > {rule.threshold:.5g}", element("br"), element("small", source))


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)"


def _gallery(plots: Sequence[Plot]) -> Markup:
    groups: dict[str, list[Markup]] = {}
    for plot in plots:
        groups.setdefault(plot.dataset, []).append(_figure(plot))
    parts: list[Markup] = []
    for dataset, figures in groups.items():
        parts += [element("h3", dataset)] if dataset else []
        parts.append(element("div", *figures, class_="plots"))
    return joined(*parts)


def _figure(plot: Plot) -> Markup:
    data = base64.b64encode(plot.png).decode("ascii")
    image = element("img", src=f"data:image/png;base64,{data}", alt=plot.alt)
    return element("figure", image, element("figcaption", plot.caption))


def _missing(missing: Mapping[str, str]) -> Markup:
    if not missing:
        return element("p", "None: every OoD set that was asked for has been scored.")
    return pairs("OoD sets that could not be had, and why", missing)


def _settings(table: DetectionTable) -> Markup:
    analysis = {
        "score_keys": ", ".join(table.score_keys),
        "bootstrap": table.draws,
        "seed": table.seed,
        "ddof of the variance": table.ddof,
    }
    return joined(
        pairs("Flags of the run", table.run.manifest.settings),
        pairs("This analysis", analysis),
    )


def _provenance(table: DetectionTable) -> Markup:
    told = {"settings", "datasets", "likelihood", "status", "protocol"} | {"encoder", "anomalies"}
    manifest = table.run.manifest
    rest = {name: value for name, value in manifest.entries.items() if name not in told}
    likelihood = manifest.likelihood
    return joined(
        element("p", f"Likelihood: {LIKELIHOODS.get(likelihood, likelihood)}"),
        pairs("Run, versions and timings in seconds", _flat(rest)),
        pairs("Checksums of the data sets (SHA-256)", manifest.datasets.checksums),
    )


def _flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested mappings as one: {"a": {"b": 1}} becomes {"a.b": 1}."""
    flat: dict[str, object] = {}
    for name, value in values.items():
        inner = _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else None
        flat |= {f"{prefix}{name}": value} if inner is None else inner
    return flat
