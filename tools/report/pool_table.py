"""The spread over disjoint ensembles: for print, for the report, and as pools.csv."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields

from tools.report.lines import aligned, csv_lines, fixed
from tools.scores.pools import PoolRow

HEADINGS = ("dataset", "score", "statistic", "pools", "members", "AUROC", "sd", "min", "max")


def pools_csv(rows: Sequence[PoolRow]) -> str:
    """The content of pools.csv."""
    return csv_lines([field.name for field in fields(PoolRow)], map(astuple, rows))


def pool_cells(rows: Sequence[PoolRow]) -> Iterator[list[str]]:
    """What stands below HEADINGS, row by row."""
    for row in rows:
        yield [fixed(cell) if isinstance(cell, float) else str(cell) for cell in astuple(row)]


def pool_block(rows: Sequence[PoolRow]) -> str:
    """The table as aligned text; ends with a newline."""
    title = "Spread over disjoint ensembles"
    return f"{title}\n{aligned([HEADINGS, *pool_cells(rows)], left_columns=3)}"
