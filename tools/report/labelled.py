"""What only the report of a run with labelled anomalies shows: protocol, verdict, alerts."""

from collections.abc import Mapping, Sequence

from tools.report.alert_table import alert_cells, alert_headings
from tools.report.markup import Markup, element, joined, number_cell, pairs, sortable_table
from tools.report.tables import interval_text, score_name
from tools.report.text_lines import fixed
from tools.scores.alerts import AlertRow
from tools.scores.detection import DetectionRow, DetectionTable


def protocol_text(value: object) -> str:
    """A value of the manifest's protocol; counts get a comma at the thousands."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def protocol_section(protocol: Mapping[str, object]) -> Markup:
    """The split in words and counts."""
    shown = {name: protocol_text(value) for name, value in protocol.items()}
    return pairs("Which rows train and which are tested", shown)


def anomaly_verdict(table: DetectionTable) -> Markup:
    """The scores named before this run, a card each, and which score does best on the anomalies."""
    anomalies = table.run.anomalies[0]
    rows = {(row.score, row.statistic): row for row in table.rows if row.dataset == anomalies}
    cards = [_card(table, rows[pair]) for pair in table.headlines]
    named = rows[table.headlines[0]]
    # A detector with a split of its own is tested on other rows.
    same = [row for row in rows.values() if (row.n_in, row.n_out) == (named.n_in, named.n_out)]
    best = max(same, key=lambda row: row.auroc)
    words = (
        f"Highest AUROC on {anomalies}, of all scores of the same rows:"
        f" {score_name(best.score, best.statistic)}, {fixed(best.auroc)}, with the average"
        f" precision {fixed(best.ap)}. The scores above were named before this run; one"
        " that is chosen for its figures here is to be confirmed on other anomalies."
    )
    return joined(element("div", *cards, class_="cards"), element("p", words))


def _card(table: DetectionTable, row: DetectionRow) -> Markup:
    wanted = (row.dataset, row.score, row.statistic)
    found = [r for r in table.alert_rows if (r.dataset, r.score, r.statistic) == wanted]
    sentences = [f"AUROC on {row.dataset} {interval_text(row)}".rstrip()]
    sentences += [f"average precision {fixed(row.ap)}"]
    sentences += [text for alert_row in found for text in _recalls(alert_row)]
    return element(
        "div",
        element("h3", score_name(row.score, row.statistic)),
        element("p", fixed(row.auroc), class_="figure"),
        element("p", "; ".join(sentences) + "."),
        class_="card",
    )


def _recalls(row: AlertRow) -> list[str]:
    return [
        f"{recall.value:.1%} of the {row.n_out:,} found by {count:,} alerts"
        for count, recall in row.recall.items()
    ]


def alerts_section(rows: Sequence[AlertRow]) -> Markup:
    """Recall and precision of all scores at the numbers of alerts; a click sorts the rows."""
    names = ("data set", "score", "statistic", *alert_headings(rows))
    body = (
        element(
            "tr",
            element("th", row.dataset, scope="row"),
            *(element("td", text) for text in (row.score, row.statistic)),
            *map(number_cell, alert_cells(row)),
        )
        for row in rows
    )
    caption = "Recall and precision when the highest scores of all test examples are looked into"
    return sortable_table(caption, names, body)
