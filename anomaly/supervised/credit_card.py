"""The credit-card transactions with their labels, in three stratified parts. No TensorFlow."""

from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from tools.data.tables.table_columns import has_label
from tools.data.tables.table_datasets import TABLE_DATASETS, load_table
from tools.data.tables.table_encoder import fit_encoder
from tools.data.tables.table_splits import groups_of_equal_rows
from tools.run.seeds import child_seed

FOLDS = 5  # one of them is tested, one validates, three train
DATASET = "creditcard"


class LabelledRows(NamedTuple):
    """Some of the transactions.

    Attributes:
        features: float32 [row, feature], standardized by the training rows.
        is_fraud: float32 [row], 0 or 1.
        ids: int64 [row], row numbers in the source.
    """

    features: np.ndarray
    is_fraud: np.ndarray
    ids: np.ndarray


class LabelledParts(NamedTuple):
    """Three parts with the same share of frauds. Rows that are equal stand in one part."""

    training: LabelledRows
    validation: LabelledRows
    test: LabelledRows


def load_credit_card(data_dir: str, seed: int) -> LabelledParts:
    """All transactions, split anew for each seed; three fifths train, one fifth is tested.

    Raises:
        InputError: The file cannot be had or is damaged.
    """
    dataset = TABLE_DATASETS[DATASET]
    frame = load_table(DATASET, data_dir).frame
    is_fraud = ~has_label(frame[dataset.label_column], dataset.normal_label)
    roles = {dataset.label_column: "the label"}
    groups = groups_of_equal_rows(frame.drop(columns=[*roles, dataset.time_column]))
    training, validation, test = stratified_parts(is_fraud, groups, seed)
    encoder = fit_encoder(frame, training, time_column=dataset.time_column, not_features=roles)
    features = encoder.encode(frame)
    return LabelledParts(
        *(
            LabelledRows(features[rows], is_fraud[rows].astype(np.float32), rows)
            for rows in (training, validation, test)
        )
    )


def stratified_parts(
    is_fraud: np.ndarray, groups: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row numbers for training, validation and test, ascending; no group is in two of them.

    Args:
        is_fraud: Whether a row is a fraud, bool [row].
        groups: Group of each row, int [row], from `groups_of_equal_rows`.
        seed: Seed of the random parts.
    """
    folds = StratifiedGroupKFold(
        FOLDS, shuffle=True, random_state=child_seed(seed, "labelled split")
    )
    test, validation, *others = (rows for _, rows in folds.split(is_fraud, is_fraud, groups))
    return np.sort(np.concatenate(others)), validation, test
