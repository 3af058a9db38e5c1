"""How a table is written as text: separator, decimal sign, encoding, heading; found or told."""

import codecs
import csv
import dataclasses
import io
import re
from collections import Counter
from collections.abc import Sequence

from tools.errors import InputError

HEADERS = ("auto", "yes", "no")
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "blank": r"\s+"}
MARKS = {"point": ".", "comma": ",", "blank": " ", "apostrophe": "'", "none": ""}
# Texts that stand for a missing value where a column is otherwise numbers, beside those of pandas.
MISSING_WORDS = frozenset({"?", "-", "--", ".", "N/A", "NULL", "na", "none", "(null)", "missing"})
_SAMPLE = 1 << 18  # bytes
_SAMPLE_ROWS = 200
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_POINT_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_COMMA_NUMBER = re.compile(r"[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?")
_GROUPED_BY_COMMA = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_GROUPED_BY_POINT = re.compile(r"[-+]?[1-9]\d{0,2}(\.\d{3})+,\d*")
_WORD_NUMBER = re.compile(r"[-+]?(inf(inity)?|nan)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class TextFormat:
    """How a text holds a table.

    Attributes:
        separator: Separator of cells, a value of SEPARATORS.
        decimal: Decimal sign, "." or ",".
        thousands: Thousands separator; "": none; None: found for each column.
        encoding: Encoding, by its Python name.
        has_heading: Whether the first row has the names of the columns.
    """

    separator: str
    decimal: str
    thousands: str | None
    encoding: str
    has_heading: bool

    @property
    def description(self) -> str:
        """The format in words, for the preview."""
        separator = next(name for name, mark in SEPARATORS.items() if mark == self.separator)
        words = [f"separator {separator}", f"decimal {_name(self.decimal)}"]
        if self.thousands is not None:
            words.append(f"thousands {_name(self.thousands)}")
        heading = "with a heading" if self.has_heading else "without a heading: columns c0, c1, ..."
        return ", ".join([*words, self.encoding, heading])


@dataclasses.dataclass(frozen=True)
class CsvOptions:
    """What the user says of a text's format; None: it is found."""

    separator: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    header: str = "auto"


def parse_csv_options(parts: Sequence[str], header: str = "auto") -> CsvOptions:
    """Options from the parts of --csv_options, as sep=;,decimal=comma,encoding=latin-1,header=no.

    Args:
        parts: The comma-separated parts.
        header: Value of --header; one in `parts` goes before.

    Raises:
        InputError: An option is unknown, or its value is.
    """
    found: dict[str, str] = {"header": header}
    for part in parts:
        key, _, value = part.partition("=")
        if key == "sep" and (value in SEPARATORS or value in SEPARATORS.values()):
            found["separator"] = SEPARATORS.get(value, value)
        elif key == "decimal" and value in ("point", "comma", "."):
            found["decimal"] = MARKS.get(value, value)
        elif key == "thousands" and (value in MARKS or value in MARKS.values()):
            found["thousands"] = MARKS.get(value, value)
        elif key == "encoding" and _is_encoding(value):
            found["encoding"] = value
        elif key == "header" and value in HEADERS:
            found["header"] = value
        else:
            raise InputError(
                f"--csv_options={part}: write sep={'|'.join(SEPARATORS)}, decimal=point|comma,"
                f" thousands={'|'.join(MARKS)}, encoding=utf-8 or another,"
                f" header={'|'.join(HEADERS)}"
            )
    return CsvOptions(**found)


def find_text_format(content: bytes, options: CsvOptions) -> TextFormat:
    """The format of a text: what is told in `options`, and else what its first rows show.

    Raises:
        ValueError: It is no text, or not in the encoding that was told.
    """
    encoding = options.encoding or _find_encoding(content)
    sample = codecs.getincrementaldecoder(encoding)().decode(content[:_SAMPLE])
    if len(content) > _SAMPLE:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    separator = options.separator or _find_separator(sample)
    rows = sample_rows(sample, separator)
    decimal = options.decimal or _find_decimal(rows, separator)
    has_heading = options.header == "yes" or (options.header == "auto" and _has_heading(rows))
    return TextFormat(separator, decimal, options.thousands, encoding, has_heading)


def sample_rows(sample: str, separator: str) -> list[list[str]]:
    """The first rows of a text, as stripped cells; rows without any are left out."""
    if separator == SEPARATORS["blank"]:
        lines = (re.sub(r"[ \t]+", " ", line.strip()) for line in io.StringIO(sample))
        reader = csv.reader(lines, delimiter=" ")
    else:
        reader = csv.reader(
            io.StringIO(sample, newline=""), delimiter=separator, skipinitialspace=True
        )
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append([cell.strip() for cell in row])
            if len(rows) > _SAMPLE_ROWS:
                break
    except csv.Error:  # a cell beyond the reader's limit; what pandas says of it is said later
        pass
    return rows


def _name(mark: str) -> str:
    return next((name for name, known in MARKS.items() if known == mark), mark)


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False


def _find_encoding(content: bytes) -> str:
    """UTF-8 where the bytes are that, else what Western Windows or Latin-1 write."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if control := _CONTROLS.search(content[:_SAMPLE]):
        raise ValueError(
            f"it is no table: neither text (byte {control.start()} is {control[0][0]}) nor a known"
            " format"
        )
    encodings = ("utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8", "cp1252")
    for encoding in encodings:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for start in range(0, len(content), _SAMPLE):
                decoder.decode(content[start : start + _SAMPLE])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"


def _find_separator(sample: str) -> str:
    """The mark that cuts nearly all rows into as many cells, and the cells most cleanly."""
    best, best_value = ",", (0.0, 0)
    for separator in ("\t", ";", "|", ","):
        rows = sample_rows(sample, separator)
        cells = _cells_per_row(rows)
        if cells > 1:
            clean = [_is_clean(cell) for row in rows for cell in row]
            value = (round(sum(clean) / len(clean), 1), cells)
            if value > best_value:
                best, best_value = separator, value
    blank = SEPARATORS["blank"]
    if best_value == (0.0, 0) and _cells_per_row(sample_rows(sample, blank)) > 1:
        return blank
    return best


def _cells_per_row(rows: Sequence[Sequence[str]]) -> int:
    """Cells of nine in ten rows; 0: rows differ more."""
    if not rows:
        return 0
    cells, count = Counter(map(len, rows)).most_common(1)[0]
    return cells if count >= 0.9 * len(rows) else 0


def _is_clean(cell: str) -> bool:
    return is_number(cell) or not any(mark in cell for mark in ",;\t|")


def is_number(cell: str) -> bool:
    """Whether a cell is a number in any notation."""
    patterns = (
        _POINT_NUMBER,
        _COMMA_NUMBER,
        _GROUPED_BY_COMMA,
        _GROUPED_BY_POINT,
        _WORD_NUMBER,
    )
    return any(pattern.fullmatch(cell) for pattern in patterns)


def _find_decimal(rows: Sequence[Sequence[str]], separator: str) -> str:
    """A comma, where cells are numbers with commas that cut off no thousands."""
    cells = [cell for row in rows for cell in row if any(letter.isdigit() for letter in cell[:3])]
    if any(_GROUPED_BY_POINT.fullmatch(cell) for cell in cells):
        return ","
    with_comma = [cell for cell in cells if "," in cell and _COMMA_NUMBER.fullmatch(cell)]
    has_point = any("." in cell and _POINT_NUMBER.fullmatch(cell) for cell in cells)
    if not with_comma or (has_point and separator == ","):
        return "."
    if not all(_GROUPED_BY_COMMA.fullmatch(cell) for cell in with_comma):
        return ","
    # 1,234 may be either: behind semicolons it is as those write who have a decimal comma.
    grouped_with_point = any(_GROUPED_BY_COMMA.fullmatch(cell) and "." in cell for cell in cells)
    return "," if separator == ";" and not has_point and not grouped_with_point else "."


def _has_heading(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row differs from the others as names do from what they name."""
    if not rows:
        return True
    first, others = rows[0], rows[1:]
    numbers = [cell for cell in first if is_number(cell)]
    if numbers:  # names are none, but for those that pandas gives: 0, 1, 2, ...
        counted = [str(index) for index in range(len(numbers) + 1)]
        return len(numbers) > 2 and numbers in (counted[:-1], counted[1:])
    for index, name in enumerate(first):
        column = [row[index] for row in others if index < len(row)]
        present = [cell for cell in column if cell and cell not in MISSING_WORDS]
        is_text = name and name not in MISSING_WORDS
        if is_text and sum(map(is_number, present)) > len(present) / 2:
            return True
    # Texts only: a value comes again below, a name does not.
    return not any(
        name and name in {row[index] for row in others if index < len(row)}
        for index, name in enumerate(first)
    )
