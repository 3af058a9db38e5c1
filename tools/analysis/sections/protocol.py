"""Which rows of a table train and which are tested."""

from tools.analysis.section import Section
from tools.report.blocks import Pairs
from tools.scores.detection import DetectionTable


def section(table: DetectionTable) -> Section:
    """The split in words and counts, where the run's manifest has it."""
    protocol = table.run.manifest.protocol
    if not protocol:
        return Section("Protocol")
    shown = {name: protocol_text(value) for name, value in protocol.items()}
    return Section("Protocol", [Pairs("Which rows train and which are tested", shown)])


def protocol_text(value: object) -> str:
    """A value of the manifest's protocol; counts get a comma at the thousands."""
    return f"{value:,}" if isinstance(value, int) else str(value)
