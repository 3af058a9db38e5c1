"""What has no part in the results: scores, detectors and members that failed, and why."""

from tools.analysis.section import Section
from tools.report.blocks import Pairs
from tools.scores.detection import DetectionTable


def section(table: DetectionTable) -> Section:
    """A line for each of them; nothing where all is well."""
    left_out = dict(table.left_out)
    if not left_out:
        return Section("Left out", entries={"left_out": {}})
    lines = "".join(f"Left out: {name}: {reason}\n" for name, reason in left_out.items())
    shown = Pairs("Scores, detectors and members without part in the results, and why", left_out)
    return Section("Left out", [shown], text=lines, entries={"left_out": left_out})
