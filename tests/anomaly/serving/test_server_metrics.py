"""Counts of rows, and the evidence of a change."""

import pandas as pd
from prometheus_client import generate_latest

from anomaly.serving.server_metrics import Metrics
from tools.scores.drift import Verdict


def test_rows_are_counted_and_a_change_is_shown():
    metrics = Metrics()
    scored = pd.DataFrame({"score": [1.0, None, 3], "flagged": pd.array([1, None, 0], "Int64")})
    metrics.note(scored, Verdict(3, 250.0, 250.0, 2))
    metrics.note(scored, Verdict(6, 20.0, 250.0, 2))
    text = generate_latest(metrics.registry).decode()
    for line in (
        "anomaly_rows_total 6.0",
        "anomaly_flagged_rows_total 2.0",
        "anomaly_unscored_rows_total 2.0",
        "anomaly_change_evidence 20.0",
        "anomaly_changed 1.0",
    ):
        assert line in text
