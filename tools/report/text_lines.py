"""Cells and lines of tables in plain text: fixed-point numbers, aligned columns, csv."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from typing import Any


def fixed(number: float) -> str:
    """A share in fixed point: three digits after the point, more where 1 would stand for less."""
    digits = next((n for n in range(3, 6) if number >= 1 or float(f"{number:.{n}f}") < 1), 6)
    return f"{number:.{digits}f}"


def bracketed(low: float | None, high: float | None) -> str:
    """An interval as [low, high]; empty where there is none."""
    return "" if low is None or high is None else f"[{fixed(low)}, {fixed(high)}]"


def signed(number: float) -> str:
    """A difference of metrics in fixed point, with its sign."""
    return f"{number:+.4f}"


def csv_lines(columns: Sequence[str], rows: Iterable[Iterable[str | int | float | None]]) -> str:
    """A csv file with a heading; six digits after the point, and None is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(f"{cell:.6f}" if isinstance(cell, float) else cell for cell in row)
    return text.getvalue()


def rows_csv(rows: Sequence[Any]) -> str:
    """A csv file of dataclass instances, of which there is one at least: a column per field."""
    return csv_lines([column.name for column in fields(rows[0])], map(astuple, rows))


def aligned(lines: Sequence[Sequence[str]], *, left_columns: int) -> str:
    """Columns padded to their widest cell: the first ones to the left, the rest to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "  ".join(
            cell.ljust(width) if index < left_columns else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)
