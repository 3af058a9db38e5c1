"""Finds columns that give the label away: each alone tells anomalies from normal rows."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tools.data.tables.table_columns import is_numeric, numbers_and_texts, texts

NEARLY_PERFECT = 0.999  # AUROC
FEW_VALUES = 20
LEAST_SHARE = 0.05  # of the anomalies that have the value
LEAST_ANOMALIES = 5
LARGEST_CHANCE = 1e-6  # that rows with the value are all anomalies if it says nothing of the label


def label_leaks(frame: pd.DataFrame, is_normal: np.ndarray) -> dict[str, str]:
    """What gives the label away, in words, by column.

    Args:
        frame: Columns that members may see, of all labelled rows.
        is_normal: Whether each row is normal, bool [row].
    """
    if is_normal.all() or not is_normal.any() or (~is_normal).sum() < LEAST_ANOMALIES:
        return {}
    found = {}
    for name, column in frame.items():
        if words := _in_anomalies_only(column, is_normal) or _ranks_perfectly(column, is_normal):
            found[str(name)] = words
    return found


def leak_questions(leaks: dict[str, str]) -> Iterator[str]:
    """A sentence for each leak."""
    for name, words in leaks.items():
        yield f"{name} {words}: is it known when a row is scored? --drop_columns={name}"


def _in_anomalies_only(column: pd.Series, is_normal: np.ndarray) -> str:
    """A value that many anomalies have and no normal row, where there are few values."""
    codes, values = pd.factorize(texts(column))
    if not 2 <= len(values) <= FEW_VALUES:
        return ""
    of_normal, of_anomalies = (
        np.bincount(codes[rows], minlength=len(values)) for rows in (is_normal, ~is_normal)
    )
    share = (~is_normal).mean()
    with np.errstate(divide="ignore"):
        is_sure = of_anomalies * np.log(share) <= np.log(LARGEST_CHANCE)
    counts = np.where(is_sure & (of_normal == 0), of_anomalies, 0)
    code, total = int(counts.argmax()), of_anomalies.sum()
    if counts[code] < max(LEAST_ANOMALIES, LEAST_SHARE * total):
        return ""
    return f"is {values[code]} in anomalies only ({counts[code]:,} of {total:,})"


def _ranks_perfectly(column: pd.Series, is_normal: np.ndarray) -> str:
    if not is_numeric(column):
        return ""
    values, is_text = numbers_and_texts(column)
    known = ~(np.isnan(values) | is_text)
    values, labels = np.nan_to_num(values[known]), ~is_normal[known]
    if labels.sum() < LEAST_ANOMALIES or labels.all():
        return ""
    auroc = _auroc(values[~labels], values[labels])
    auroc = max(auroc, 1 - auroc)
    return f"alone has an AUROC of {auroc:.4f}" if auroc >= NEARLY_PERFECT else ""


def _auroc(normal: np.ndarray, anomalous: np.ndarray) -> float:
    """Share of pairs in which the anomaly has the higher value; ties count half."""
    ordered = np.sort(normal)  # no scikit-learn: the preview does not wait for its import
    below = np.searchsorted(ordered, anomalous, side="left")
    up_to = np.searchsorted(ordered, anomalous, side="right")
    return float((below + up_to).mean() / (2 * len(normal)))
