"""The spread over disjoint ensembles: for print and for the report."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple

from tools.report.text_lines import aligned, fixed
from tools.scores.pools import PoolRow

HEADINGS = ("dataset", "score", "statistic", "pools", "members", "AUROC", "sd", "min", "max")


def pool_cells(rows: Sequence[PoolRow]) -> Iterator[list[str]]:
    """What stands below HEADINGS, row by row."""
    for row in rows:
        yield [fixed(cell) if isinstance(cell, float) else str(cell) for cell in astuple(row)]


def pool_block(rows: Sequence[PoolRow]) -> str:
    """The table as aligned text; ends with a newline."""
    title = "Spread over disjoint ensembles"
    return f"{title}\n{aligned([HEADINGS, *pool_cells(rows)], left_columns=3)}"
