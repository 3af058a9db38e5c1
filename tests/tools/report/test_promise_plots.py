"""Curves of precision and of kept promises are drawn for ordinary and degenerate scores."""

import numpy as np
import pytest

from tools.report.promise_plots import kept_promises, precision_recall_curves


@pytest.mark.parametrize("scores", [np.arange(30.0), np.zeros(3), np.zeros(1)])
def test_plots_are_png_files(scores):
    assert precision_recall_curves(scores, {"far": scores + 1, "same": scores}).startswith(
        b"\x89PNG"
    )
    assert kept_promises((1 + scores) / 31, "test").startswith(b"\x89PNG")
