"""Prometheus metrics of a served run."""

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    import pandas as pd

    from tools.scores.drift import Verdict

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Latency, rows, flagged rows, and the evidence that the data have changed.

    Attributes:
        registry: What `/metrics` shows.
        seconds: Time from request to answer, by path and status.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "anomaly_request_seconds",
            "Seconds from request to answer",
            ["path", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._rows = Counter("anomaly_rows", "Rows or pictures asked for", registry=self.registry)
        self._flagged, self._unscored, self._evidence, self._changed = (
            Counter("anomaly_flagged_rows", "Rows that were flagged", registry=self.registry),
            Counter("anomaly_unscored_rows", "Rows without a score", registry=self.registry),
            Gauge(
                "anomaly_change_evidence",
                "Wealth of bets that the data have changed; unchanged data ever reach 100 in 1 %",
                registry=self.registry,
            ),
            Gauge("anomaly_changed", "1 once the data have changed", registry=self.registry),
        )
        self._evidence.set(1)

    def note(self, scored: "pd.DataFrame", verdict: "Verdict") -> None:
        """Counts the rows of an answer."""
        self._rows.inc(len(scored))
        self._flagged.inc(int(scored["flagged"].sum()))
        self._unscored.inc(int(scored["score"].isna().sum()))
        self._evidence.set(verdict.wealth)
        self._changed.set(verdict.alarm is not None)
