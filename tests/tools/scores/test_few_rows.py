"""Lines that say, before training, that calibration examples are too few."""

import pytest

from tools.scores.few_rows import few_rows


@pytest.mark.parametrize(("target", "least"), [(0.05, 19), (0.01, 99), (0.2, 4)])
def test_a_target_is_in_reach_from_one_count_on(target, least):
    (line,) = few_rows(least - 1, ["iwae"], 5, {"--target_fpr": target})
    assert line.startswith(f"{least - 1} calibration examples are too few for --target_fpr")
    assert f"from {least} on" in line
    assert not list(few_rows(least, ["iwae"], 5, {"--target_fpr": target}))


def test_a_fit_of_many_statistics_needs_many_rows():
    keys = ["iwae", "likelihood_residual", "critic_distance"]
    (line,) = few_rows(49, keys, 5, {})
    assert line == (
        "critic_distance is fitted to 10 statistics of 49 calibration examples; 50 or more are"
        " advised"
    )
    assert not list(few_rows(50, keys, 5, {}))
    assert len(list(few_rows(19, keys, 5, {}))) == 2
