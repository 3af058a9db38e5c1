"""OoD sets that were asked for and could not be had."""

from tools.analysis.section import Section
from tools.report.blocks import Block, Pairs, Text
from tools.scores.detection import DetectionTable


def section(table: DetectionTable) -> Section:
    """The sets and why they are missing."""
    missing = dict(table.run.missing)
    shown: Block = Text("None: every OoD set that was asked for has been scored.")
    if missing:
        shown = Pairs("OoD sets that could not be had, and why", missing)
    return Section("Missing data sets", [shown], entries={"missing": missing})
