"""What members of a table add to the score of its simple detectors."""

import numpy as np

from tools.scores.joined_scores import FAR_OUT, MEMBERS_WEIGHT, raised_far_out

RNG = np.random.default_rng(0)
CALIBRATION = {"iwae": RNG.normal(-3, 2, (2, 4000)).repeat(2, axis=1)}
# The mean over two members has a deviation of 2 / sqrt(2).
FAR = 3 + np.sqrt(2) * np.array([0, 2, 3, 1000])
EXAMPLES = {"iwae": np.stack([-FAR, -FAR]), "simple": np.array([[0.0, 5.0, -1.0, 0.0]])}


def test_members_raise_the_score_of_rows_far_out_and_of_no_others():
    added = raised_far_out("simple", "iwae")(CALIBRATION)(EXAMPLES) - EXAMPLES["simple"][0]
    np.testing.assert_array_equal(added[:3], 0)
    expected = MEMBERS_WEIGHT * (np.arcsinh(1000) - FAR_OUT)
    np.testing.assert_allclose(added[3], expected, rtol=0.02)


def test_equal_calibration_rows_have_a_unit_too():
    score = raised_far_out("simple", "iwae")({"iwae": np.zeros((2, 5))})
    added = score(EXAMPLES) - EXAMPLES["simple"][0]
    np.testing.assert_allclose(added, MEMBERS_WEIGHT * np.maximum(0, np.arcsinh(FAR) - FAR_OUT))
