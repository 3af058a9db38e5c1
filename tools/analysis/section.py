"""A section of an analysis: report blocks, printed text, files, entries of metrics.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.report.blocks import Block, Plot, plots_in


@dataclass(frozen=True)
class Section:
    """One part of the analysis.

    Attributes:
        title: Its heading in the report.
        blocks: Report blocks below the heading; empty: the report leaves the section out.
        text: Text to print; ends with a newline, or is empty.
        files: {name in MODEL_DIR/analysis: content}; an empty content deletes the file that an
            earlier analysis, perhaps of other scores, has left.
        entries: Its entries of metrics.json.
    """

    title: str
    blocks: Sequence[Block] = ()
    text: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plots(self) -> list[Plot]:
        """All pictures of its blocks."""
        return list(plots_in(self.blocks))
