"""Flags of the run, and of this analysis of it."""

from tools.analysis.section import Section
from tools.report.blocks import Folded, Pairs
from tools.scores.detection import DetectionTable


def section(table: DetectionTable) -> Section:
    """All settings by name."""
    analysis = {
        "score_keys": ", ".join(table.score_keys),
        "bootstrap": table.options.draws,
        "seed": table.options.seed,
        "ddof of the variance": table.options.ddof,
    }
    of_run = Pairs("Flags of the run", table.run.manifest.settings)
    return Section(
        "Settings", [Folded("Every flag and its value", [of_run, Pairs("This analysis", analysis)])]
    )
