"""Scores of made-up denoising errors: what they find, and what they leave to the input."""

import numpy as np

from tools.scores.denoising import denoising_residual, denoising_typicality, eigenscore


def quantities(count, seed, explained=0.5, shift=0.0):
    """Two members' log errors and sizes at two levels, which brightness raises."""
    random = np.random.default_rng(seed)
    brightness, rest = random.normal(size=(2, count))
    error = explained * brightness + 0.1 * rest + shift
    of_members = np.stack([error, error + 0.01])
    found = {f"denoising_error.{level}": of_members + level for level in (0, 1)}
    found |= {f"denoising_size.{level}": of_members - level * rest for level in (0, 1)}
    inputs = {"complexity": random.normal(size=count), "brightness": brightness}
    inputs["variation"] = random.normal(size=count)
    return found | {name: values[np.newaxis] for name, values in inputs.items()}


def test_what_brightness_explains_is_no_anomaly():
    score = denoising_residual(quantities(500, seed=0))
    normal = score(quantities(200, seed=1))
    found = score(quantities(200, seed=2, shift=0.5))
    assert np.mean(found > np.quantile(normal, 0.95)) > 0.95
    brightness = quantities(200, seed=1)["brightness"][0]
    assert abs(np.corrcoef(normal, brightness)[0, 1]) < 0.2


def test_sizes_unlike_those_of_calibration_images_are_far_in_both_directions():
    distance = denoising_typicality(quantities(500, seed=0))
    normal = distance(quantities(200, seed=1))
    for shift in (-3, 3):
        assert np.median(distance(quantities(200, seed=2, shift=shift))) > np.quantile(normal, 0.9)


def test_eigenvalues_are_averaged_over_members_and_summed_over_levels():
    values = {f"posterior_eigenvalue.{n}": np.array([[1.0 + n], [3.0 + n]]) for n in (0, 1)}
    np.testing.assert_allclose(eigenscore(values), [2 + 3])
