"""Fits to likelihoods against their definitions; the contract of all is in test_score_registry."""

import numpy as np

from tools.scores.likelihood_fits import distance, typicality, unexplained

RANDOM = np.random.default_rng(0)


def quantities(count):
    return {name: RANDOM.normal(size=(3, count)) for name in ("iwae", "laplace", "bits")}


def test_typicality_is_the_members_mean_distance_from_their_means():
    fitted, examples = quantities(50), quantities(7)
    centres = fitted["iwae"].mean(axis=1)
    slow = [np.mean(np.abs(column - centres)) for column in examples["iwae"].T]
    np.testing.assert_allclose(typicality(fitted)(examples), slow)


def test_what_nothing_explains_is_the_distance_to_the_mean():
    fitted, examples = quantities(50), quantities(7)
    for part in (fitted, examples):
        part["bits"] = np.ones((1, part["iwae"].shape[1]))
    found = unexplained("laplace", ("bits",))(fitted)(examples)
    slow = -(examples["laplace"] - fitted["laplace"].mean(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(found, slow)


def test_all_members_quantities_go_into_the_distance():
    fitted = quantities(300)
    score = distance(("iwae", "bits"))(fitted)
    for name in ("iwae", "bits"):
        for member in range(3):
            moved = {key: values[:, :1].copy() for key, values in fitted.items()}
            moved[name][member] += 50
            assert score(moved)[0] > score(fitted).max()
