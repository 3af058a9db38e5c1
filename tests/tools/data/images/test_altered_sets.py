import numpy as np

from fake_model import made_up_set
from tools.data.corruptions.corruption_kinds import corrupt
from tools.data.corruptions.perturbations import STEPS
from tools.data.images.altered_sets import corrupted_sets, perturbed_sets
from tools.run.manifest import Alteration

IMAGES = made_up_set("digits", 6, first_id=40)


def test_each_kind_and_severity_is_a_set_of_the_same_rows():
    sets = list(corrupted_sets(IMAGES, ["contrast", "gaussian_noise"], [2, 5], seed=3))
    assert [altered.name for altered in sets] == [
        "corruption.contrast.2",
        "corruption.contrast.5",
        "corruption.gaussian_noise.2",
        "corruption.gaussian_noise.5",
    ]
    assert sets[1].alteration == Alteration("corruption", "contrast", 5)
    for altered in sets:
        np.testing.assert_array_equal(altered.ids, IMAGES.ids)
    expected = corrupt("gaussian_noise", IMAGES.examples, 5, seed=3, ids=IMAGES.ids)
    np.testing.assert_array_equal(sets[-1].examples, expected)


def test_a_perturbation_is_a_set_for_each_step():
    sets = list(perturbed_sets(IMAGES, ["brightness"], seed=0))
    assert [altered.name for altered in sets] == [
        f"perturbation.brightness.{step}" for step in range(STEPS + 1)
    ]
    assert sets[STEPS].alteration == Alteration("perturbation", "brightness", STEPS)
    assert IMAGES.alteration is None
    np.testing.assert_array_equal(sets[0].examples, IMAGES.examples)
    assert sets[STEPS].examples.mean() > sets[1].examples.mean() > IMAGES.examples.mean()
