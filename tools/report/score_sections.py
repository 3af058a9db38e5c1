"""The report's first sections: the verdict, and all scores beside each other."""

from collections.abc import Sequence

from tools.report.markup import Markup, element, joined, number_cell, pairs, sortable_table
from tools.report.tables import interval_text, score_name, seconds_text, verdict
from tools.report.text_lines import fixed
from tools.scores.detection import DetectionRow, DetectionTable
from tools.scores.published import published
from tools.scores.ranking import RankedScore, ranking_of, winner
from tools.scores.score_registry import FITTED_SCORES

ALMOST_PERFECT = 0.99


def verdict_cards(table: DetectionTable) -> Markup:
    """The scores named before this run, a card each, and which score is best of all."""
    scores = ranking_of(table)
    by_name = {(score.score, score.statistic): score for score in scores}
    named = [by_name[pair] for pair in table.headlines]
    return joined(
        element("div", *map(_card, named), class_="cards"),
        element("p", _best_of_all(scores, named)),
    )


def _best_of_all(scores: Sequence[RankedScore], named: Sequence[RankedScore]) -> str:
    """The score with the highest worst AUROC, and why it is no result."""
    words = f"{verdict(scores)}. The scores above were named before this run"
    if winner(scores) in named:
        return f"{words}, and this is one of them."
    return (
        f"{words}; to choose another one for its figures would be optimistic, because the choice"
        " was made on the very sets it is measured on. Confirm it on sets that had no part in it."
    )


def _card(score: RankedScore) -> Markup:
    worst = score.worst
    solved = sum(row.auroc >= ALMOST_PERFECT for row in score.rows.values())
    return element(
        "div",
        element("h3", score_name(score.score, score.statistic)),
        element("p", fixed(score.mean), class_="figure"),
        element(
            "p",
            f"mean AUROC. At least {ALMOST_PERFECT} on {solved} of {len(score.rows)} OoD sets;"
            f" lowest, flips apart, on {worst.dataset}: {fixed(worst.auroc)}"
            f" {interval_text(worst)}".rstrip()
            + ".",
        ),
        class_="card",
    )


def ranked_scores(table: DetectionTable) -> Markup:
    """All scores, a row each; what was published stands below."""
    datasets = table.run.out_of_distribution
    body = [
        element(
            "tr",
            element("th", score_name(score.score, score.statistic), scope="row"),
            *map(number_cell, (fixed(score.worst.auroc), fixed(score.mean), seconds_text(score))),
            *(tinted(score.rows[n]) if n in score.rows else number_cell("") for n in datasets),
        )
        for score in ranking_of(table)
    ]
    for method, source, aurocs in published(table.run.in_distribution, datasets):
        cells = (f"{aurocs[name]:.3f}" if name in aurocs else "" for name in datasets)
        label = element("th", f"published: {method} ({source})", scope="row")
        body.append(element("tr", label, *map(number_cell, ("", "", "", *cells))))
    names = ("score", "worst", "mean", "s per 1,000", *datasets)
    caption = (
        "AUROC of all scores, the highest worst one first; the flips do not count for the worst."
        " Seconds are those of all members' passes over 1,000 examples, measured in this run."
    )
    return joined(sortable_table(caption, names, body), _meanings(table))


def _meanings(table: DetectionTable) -> Markup:
    """What the fitted scores are; all are higher = more anomalous."""
    fitted = {key: FITTED_SCORES[key].meaning for key in table.score_keys if key in FITTED_SCORES}
    return pairs("Scores that are one number per example", fitted) if fitted else joined()


def tinted(row: DetectionRow) -> Markup:
    """An AUROC on blue, the deeper the nearer to 1, or on orange, the deeper the nearer to 0."""
    colour = "11 95 165" if row.auroc >= 0.5 else "213 94 0"
    strength = 0.45 * abs(2 * row.auroc - 1) ** 1.5
    style = f"background-color: rgb({colour} / {strength:.3f})"
    return element("td", fixed(row.auroc), class_="number", style=style)
