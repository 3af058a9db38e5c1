"""The mixture against its densities one by one; marginal shares by counting."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from tools.scores.simple.densities import fit_marginals, fit_mixture, mixture_score
from tools.scores.simple.feature_spaces import NUMBER, Columns, fit_space, plain_columns

RANDOM = np.random.default_rng(0)


def test_the_mixtures_density_is_the_weighted_sum_of_normal_densities():
    training = RANDOM.normal(size=(300, 2)) + RANDOM.choice([-4, 4], (300, 1))
    rows = RANDOM.normal(size=(8, 2))
    mixture = fit_mixture(training, plain_columns(2), seed=0)
    space = fit_space("standard", training, plain_columns(2))
    density = sum(
        weight * multivariate_normal(mean, np.linalg.inv(root @ root.T)).pdf(space(rows))
        for weight, mean, root in zip(*mixture, strict=True)
    )
    found = mixture_score(mixture, training, plain_columns(2))(rows)
    np.testing.assert_allclose(found, -np.log(density))


@pytest.mark.parametrize(("count", "components"), [(9, 1), (40, 4), (400, 10)])
def test_few_rows_have_few_components(count, components):
    rows = RANDOM.normal(size=(count, 2))
    assert len(fit_mixture(rows, plain_columns(2), seed=0).weights) == components


def test_shares_of_few_values_and_of_words_by_counting():
    # A number of three values, and a column of two words.
    training = np.array([[0, 1, 0], [0, 1, 0], [1, 1, 0], [2, 0, 1]], np.float32)
    columns = Columns(*plain_columns(3)._replace(group=np.array([NUMBER, 0, 0])))
    rows = np.array([[0, 1, 0], [2, 0, 1], [5, 0, 0]], np.float32)
    number, word = 4 + 1.5 + 0.5, 4 + 1.0 + 0.5
    expected = [
        -np.log(2.5 / number) - np.log(3.5 / word),
        -np.log(1.5 / number) - np.log(1.5 / word),
        -np.log(0.5 / number) - np.log(0.5 / word),
    ]
    np.testing.assert_allclose(fit_marginals(training, columns)(rows), expected)


def test_equal_bins_of_many_values():
    training = np.concatenate([np.linspace(-1, 1, 101), [30]])[:, None]
    score = fit_marginals(training, plain_columns(1))
    inside, alone, between, outside = score(np.array([[0.0], [30], [12], [31]]))
    assert inside < alone < between <= outside


def test_training_rows_are_never_outside():
    training = RANDOM.normal(size=(200, 2)).astype(np.float32)
    score = fit_marginals(training, plain_columns(2))
    outside = score(np.full((1, 2), 99, np.float32))
    assert score(training).max() < outside[0]


def test_a_start_leads_to_as_good_a_mixture_and_one_of_other_size_is_not_used():
    rows = RANDOM.normal(size=(400, 2)) + RANDOM.choice([-4, 4], (400, 1))
    whole, start, small = (
        fit_mixture(part, plain_columns(2), 0) for part in (rows, rows[:300], rows[:40])
    )
    surprises = [
        mixture_score(fit_mixture(rows, plain_columns(2), 0, given), rows, plain_columns(2))(
            rows
        ).mean()
        for given in (None, start, small)
    ]
    assert surprises[1] == pytest.approx(surprises[0], abs=0.1)
    assert surprises[2] == surprises[0]
    np.testing.assert_array_equal(whole.means, fit_mixture(rows, plain_columns(2), 0, small).means)
