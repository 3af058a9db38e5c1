import pytest

from tools.report.text_lines import aligned, bracketed, csv_lines, fixed


def test_columns_are_padded_and_lines_end_without_blanks():
    lines = [("a", "long name", "1"), ("bcd", "x", "22")]
    assert aligned(lines, left_columns=2) == "a    long name   1\nbcd  x          22\n"


def test_cells():
    assert fixed(8.6e-05) == "0.000"
    assert bracketed(0.1, 0.25) == "[0.100, 0.250]"
    assert bracketed(None, None) == ""


@pytest.mark.parametrize(
    ("cell", "text"), [(0.5, "0.500000"), (3, "3"), (None, '""'), ("a,b", '"a,b"'), ("", '""')]
)
def test_csv_cells(cell, text):
    assert csv_lines(["x"], [[cell]]) == f"x\n{text}\n"
