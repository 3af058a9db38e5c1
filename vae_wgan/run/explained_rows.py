"""Why rows of a table have their scores: what each column adds to -log p(x), in nats."""

import numpy as np
import pandas as pd

from tools.errors import ArgumentError
from tools.run.seeds import child_seed
from vae_wgan.ensemble.members import member_seed
from vae_wgan.run.trained_ensemble import TrainedEnsemble

NEIGHBOURS = 5
LARGEST = 3  # columns that a line of a score file names


def explained_rows(ensemble: TrainedEnsemble, features: np.ndarray) -> pd.DataFrame:
    """Contributions of the columns to the members' mean of -log p(x), nats [row, column].

    A row is compared to the mean of the five training rows that are nearest to it, or to the mean
    row where the run has kept no training rows. Over the columns the contributions sum to
    -log p(row) + log p(that mean).

    Args:
        ensemble: A trained ensemble of a table.
        features: Encoded rows [row, feature], finite.

    Raises:
        ArgumentError: The ensemble is one of images.
    """
    if (encoder := ensemble.encoder) is None:
        raise ArgumentError("only rows of a table are explained by their columns")
    names = list(dict.fromkeys(column.name for column in encoder.columns))
    if not len(features):
        return pd.DataFrame(columns=names, dtype=float)
    normal, root = _normal_rows(ensemble, features), ensemble.settings.seed
    of_members = []
    for index, member in enumerate(ensemble.members(features.shape[1:])):
        seed = child_seed(member_seed(root, index), "scoring noise")
        of_members.append(member.contributions(features, normal, seed))
    if any(each is None for each in of_members):
        raise ArgumentError("the members do not tell what a feature adds to their score")
    of_features = np.mean(np.array(of_members, np.float64), axis=0)
    owners = np.array(encoder.feature_columns, object)
    by_column = {name: of_features[:, owners == name].sum(axis=1) for name in names}
    return pd.DataFrame(by_column)


def largest_columns(contributions: pd.DataFrame) -> np.ndarray:
    """The columns that add most to each row's score, with their nats: texts [row, LARGEST].

    A column that adds nothing has no text.
    """
    names, values = contributions.columns.to_numpy(object), contributions.to_numpy()
    order = np.argsort(-values, axis=1, kind="stable")[:, :LARGEST]
    texts = np.full((len(values), LARGEST), "", object)
    for row, columns in enumerate(order):
        for place, column in enumerate(columns):
            if (nats := values[row, column]) > 0:
                texts[row, place] = f"{names[column]} (+{nats:.3g} nats)"
    return texts


def _normal_rows(ensemble: TrainedEnsemble, features: np.ndarray) -> np.ndarray:
    """The mean of the nearest training rows of each row, float32 [row, feature]."""
    from sklearn.neighbors import NearestNeighbors

    if ensemble.simple is None:
        return np.zeros_like(features)
    training = ensemble.simple.state["training"]
    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(training))).fit(training)
    return training[near.kneighbors(features)[1]].mean(axis=1).astype(np.float32)
