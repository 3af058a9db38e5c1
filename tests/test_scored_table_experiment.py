"""p-values against calibration rows; the whole way of a file is in test_anomaly_run.py."""

import numpy as np

from vae_wgan.scored_table_experiment import p_values_of


def test_p_values_count_calibration_scores_that_are_as_high():
    calibration = np.array([3.0, 1, 2, 2])
    found = p_values_of(np.array([0.0, 2, 2.5, 3, 9]), calibration)
    np.testing.assert_allclose(found, np.array([5, 4, 2, 2, 1]) / 5)


def test_of_normal_rows_no_more_are_flagged_than_asked_for():
    random = np.random.default_rng(0)
    shares = []
    for _ in range(2000):  # calibration and row are drawn anew: the guarantee is over both
        calibration, row = random.normal(size=39), random.normal(size=1)
        shares.append(p_values_of(row, calibration)[0] <= 0.05)
    assert abs(np.mean(shares) - 0.05) < 0.015  # 2 of 40 ranks; three standard errors
