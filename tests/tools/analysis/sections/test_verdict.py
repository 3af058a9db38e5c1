"""The scores named before the run, on cards: of OoD sets, and of labelled anomalies."""

import dataclasses

import numpy as np
import pytest

from run_folder_fixture import change_scores, table_of, write_run
from tools.analysis.sections.verdict import anomaly_cards, ood_cards, section
from tools.report.text_lines import bracketed, fixed


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path)


@pytest.fixture
def labelled(folder):
    """The table of a run whose set `near` are labelled anomalies."""
    folder.update_manifest(anomalies=["near"])
    return table_of(folder, keys=["iwae"], draws=20, alerts=[5, 1000])


def with_aurocs(table, aurocs):
    """The table with other AUROCs for some (score, statistic), and 0.5 for the rest.

    Those of the set `far` are higher by 0.01.
    """
    rows = (
        dataclasses.replace(
            row, auroc=aurocs.get((row.score, row.statistic), 0.5) + 0.01 * (row.dataset == "far")
        )
        for row in table.rows
    )
    return dataclasses.replace(table, rows=tuple(rows))


def row_of(table, statistic):
    return next(r for r in table.rows if (r.dataset, r.statistic) == ("near", statistic))


def test_cards_show_the_scores_named_before_the_run(folder):
    aurocs = {("iwae", "waic"): 0.876, ("iwae", "mean"): 0.98}
    cards, words = ood_cards(with_aurocs(table_of(folder), aurocs))
    waic, mean = cards.cards
    assert (waic.title, waic.figure) == ("iwae waic", "0.881")
    assert (mean.title, mean.figure) == ("iwae mean", "0.985")
    assert "mean AUROC over 2 OoD sets; the lowest, on near: 0.876" in waic.words
    assert "mean AUROC over 2 OoD sets; the lowest, on near: 0.980" in mean.words
    assert "and this is one of them" in words.words


def test_a_better_score_found_afterwards_is_called_optimistic(folder):
    aurocs = {("iwae", "waic"): 0.8, ("rate", "variance"): 0.9}
    _, words = ood_cards(with_aurocs(table_of(folder), aurocs))
    assert "Highest worst AUROC, mirrored images not counted: rate variance, 0.900" in words.words
    assert "optimistic" in words.words


def test_without_iwae_the_first_score_is_the_headline(folder):
    cards, _ = ood_cards(table_of(folder, keys=("rate", "elbo")))
    assert [card.title for card in cards.cards] == ["rate waic", "rate mean"]


def test_of_critics_the_variance_is_the_headline(folder):
    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, lambda scores: {"logit": -scores["rate"], **scores})
    found = section(table_of(folder, keys=("logit",)))
    assert [card.title for card in found.blocks[0].cards] == ["logit variance", "logit mean"]
    assert {"roc_logit_variance", "roc_logit_mean"} <= {plot.name for plot in found.plots}


def test_curves_are_told_with_their_aurocs(folder):
    table = table_of(folder)
    plots = section(table).plots
    kinds = ("roc_iwae_waic", "histogram_iwae_waic", "precision_iwae_waic", "promises_iwae_waic")
    names = [*kinds, "roc_iwae_mean", "histogram_iwae_mean"]
    assert [plot.name for plot in plots] == names
    calibration = np.sort(table.calibration_scores)
    least = [
        (1 + (calibration >= score).sum()) / (1 + len(calibration))
        for score in table.lines["digits"]["iwae", "waic"][0]
    ]
    assert f"At 5 %: {np.mean(np.array(least) <= 0.05):.1%}" in plots[3].alt
    assert f"near {fixed(row_of(table, 'waic').auroc)}" in plots[0].alt
    threshold = table.thresholds["iwae", "waic"]
    share = (table.lines["near"]["iwae", "waic"][0] > threshold).mean()
    assert f"near {share:.1%}" in plots[1].alt
    assert all(plot.png.startswith(b"\x89PNG") for plot in plots)


def test_cards_of_labelled_anomalies_tell_of_them_alone(labelled):
    cards, _ = anomaly_cards(labelled)
    assert [card.title for card in cards.cards] == ["iwae waic", "iwae mean"]
    for card, statistic in zip(cards.cards, ("waic", "mean"), strict=True):
        row = row_of(labelled, statistic)
        assert card.figure == fixed(row.auroc)
        assert f"AUROC on near {bracketed(row.auroc_low, row.auroc_high)}" in card.words
        assert f"average precision {fixed(row.ap)}" in card.words
        assert "100.0% of the 40 found by 1,000 alerts" in card.words


def test_the_best_score_is_one_of_the_same_rows(labelled):
    row = row_of(labelled, "variance")
    own_split = dataclasses.replace(row, score="nn", statistic="ensemble", n_in=7, auroc=1.0)
    best = dataclasses.replace(row, score="peer", statistic="ensemble", auroc=0.999, ap=0.123)
    table = dataclasses.replace(labelled, rows=(*labelled.rows, own_split, best))
    _, words = anomaly_cards(table)
    assert "peer, 0.999, with the average precision 0.123" in words.words
