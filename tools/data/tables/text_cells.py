"""Cells of a text table as people mean them: blanks off, missing values and numbers found."""

import re
from collections.abc import Callable, Collection

import numpy as np
import pandas as pd

from tools.data.tables.text_format import MISSING_WORDS

# What may stand between thousands, as a regular expression, by the decimal sign.
_THOUSANDS = {".": ",|'|\u2019|[ \u00a0\u202f]", ",": "\\.|'|\u2019|[ \u00a0\u202f]"}


def clean_cells(
    frame: pd.DataFrame, decimal: str, thousands: str | None, texts: Collection[str] = ()
) -> pd.DataFrame:
    """The table with its columns of texts cleaned; columns of numbers stay as they are.

    Blanks around a text go, and a text of blanks is a missing value. Where more than half of a
    column's texts are numbers, words such as "?" are missing values too, and where all the others
    are numbers the column becomes one of numbers.

    Args:
        frame: The table, as pandas reads it.
        decimal: Decimal sign, "." or ",".
        thousands: Thousands separator; "": none; None: a comma, point, apostrophe or blank, if each
            group after it has three digits.
        texts: Columns that stay texts even where all of them are numbers.
    """
    read = number_reader(decimal, thousands)
    changed = {
        name: _clean(column, _no_number if name in texts else read)
        for name, column in frame.items()
        if pd.api.types.is_string_dtype(column) or column.dtype == object
    }
    return frame.assign(**changed) if changed else frame


def number_reader(decimal: str, thousands: str | None) -> Callable[[str], float | None]:
    """A function from a text to the number that it is, or to None. Arguments: see `clean_cells`."""
    marks = _THOUSANDS[decimal] if thousands is None else re.escape(thousands)
    point = re.escape(decimal)
    grouped = re.compile(rf"[-+]?[1-9]\d{{0,2}}({marks})\d{{3}}(\1\d{{3}})*({point}\d*)?", re.ASCII)
    plain = re.compile(rf"[-+]?((\d+({point}\d*)?|{point}\d+)(e[-+]?\d+)?|inf)", re.ASCII | re.I)

    def read(text: str) -> float | None:
        if marks and (match := grouped.fullmatch(text)):
            text = text.replace(match[1], "")
        if plain.fullmatch(text):
            return float(text.replace(decimal, "."))
        if decimal != "." and "." in text:  # a program's numbers among those of a person
            try:
                return float(text)
            except ValueError:
                return None
        return None

    return read


def _no_number(text: str) -> None:
    return None


def _clean(column: pd.Series, read: Callable[[str], float | None]) -> pd.Series:
    codes, values = pd.factorize(column)  # texts repeat: each is looked at once
    if not all(isinstance(value, str) for value in values):  # truth values beside missing ones
        return column
    texts = [value.strip() for value in values]
    numbers = {text: number for text in texts if (number := read(text)) is not None}
    is_number = np.array([text in numbers for text in texts], bool)
    is_missing = np.array([text == "" for text in texts], bool)
    is_word = np.array([text in MISSING_WORDS for text in texts], bool)
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    n_numbers, n_others = counts[is_number].sum(), counts[~(is_number | is_missing | is_word)].sum()
    if n_numbers > n_others:
        is_missing |= is_word
    if n_numbers and (is_number | is_missing).all():
        values = np.array([*(numbers.get(text, np.nan) for text in texts), np.nan])
        return pd.Series(values[codes], column.index, name=column.name)
    kept = [None if gone else text for gone, text in zip(is_missing, texts, strict=True)]
    return pd.Series(
        np.array([*kept, None], object)[codes], column.index, column.dtype, column.name
    )
