"""How texts are written is found from what they hold, or told."""

import pytest

from input_errors import message_of
from tools.data.tables.text_format import CsvOptions, find_text_format, parse_csv_options

FOUND = CsvOptions()

SEPARATED = {
    "comma": ("a,b\n1.5,x\n2.5,y\n", ",", "."),
    "semicolon and decimal comma": ("a;b\n0,126;-0,132\n0,64;1\n", ";", ","),
    "decimal commas without a heading": ("0,1;0,2;0,3\n0,4;0,5;0,6\n", ";", ","),
    "semicolon and decimal point": ("a;b\n0.5;x, y\n1.5;z\n", ";", "."),
    "tab": ("a\tb c\n1\tx y\n2\tz\n", "\t", "."),
    "pipe": ("a|b\n1|x\n2|y\n", "|", "."),
    "blanks": ("1.5  2  x\n 2.5 3 y\n", r"\s+", "."),
    "semicolons inside a cell": ('a,b,c\n1,"x;y",2\n1,"x;z",2\n', ",", "."),
    "quoted decimal commas": ('a,b\n"0,5",x\n"1,25",y\n', ",", ","),
    "thousands": ('a,b\n"1,234.5",x\n"12,345.25",y\n', ",", "."),
    "thousands behind semicolons": ("a;b\n1,234.5;x\n12,345.25;y\n", ";", "."),
    "points between thousands": ("a;b\n1.234,5;x\n12.345,25;y\n", ";", ","),
    "one column": ("a\n1\n2\n", ",", "."),
}


@pytest.mark.parametrize("case", SEPARATED)
def test_separator_and_decimal_sign_are_found(case):
    text, separator, decimal = SEPARATED[case]
    found = find_text_format(text.encode(), FOUND)
    assert (found.separator, found.decimal) == (separator, decimal)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found(encoding):
    text = "stadt,a\nKöln,1\nBern,2\n"
    found = find_text_format(text.encode(encoding), FOUND)
    assert found.encoding == encoding


def test_bytes_that_windows_has_not_are_latin_1():
    assert find_text_format(b"a,b\n\x81,1\n", FOUND).encoding == "latin-1"


HEADINGS = {
    "names over numbers": ("a,b\n1,2\n3,4\n", True),
    "numbers from the first row on": ("1,2\n3,4\n", False),
    "a number among texts": ("0,tcp,SF\n0,udp,SF\n", False),
    "texts that come again": ("p,x\np,y\nq,x\n", False),
    "names over texts": ("kind,shape\np,y\nq,x\n", True),
    "a missing value first": ("?,red\n1,red\n2,blue\n", False),
    "numbers that pandas writes as names": ("0,1,2,3,Class\n5,5,5,5,a\n", True),
    "only a heading": ("a,b\n", True),
}


@pytest.mark.parametrize("case", HEADINGS)
def test_a_heading_is_found_or_its_absence(case):
    text, has_heading = HEADINGS[case]
    assert find_text_format(text.encode(), FOUND).has_heading is has_heading


def test_what_is_told_goes_before_what_is_found():
    options = parse_csv_options(
        ["sep=;", "decimal=comma", "thousands=point", "encoding=latin-1"], header="no"
    )
    found = find_text_format(b"a,b\n1,2\n", options)
    assert found.description == (
        "separator semicolon, decimal comma, thousands point, latin-1, without a heading: columns"
        " c0, c1, ..."
    )
    assert parse_csv_options(["header=yes"], header="no").header == "yes"


@pytest.mark.parametrize("part", ["sep=x", "decimal=5", "encoding=rot13", "encoding=q", "a", ""])
def test_unknown_options_are_named(part):
    assert f"--csv_options={part}: write sep=comma|" in message_of(parse_csv_options, [part])


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0", b"a,b\n1,\x002\n"])
def test_what_is_no_text_is_refused(content):
    with pytest.raises(ValueError, match="neither text"):
        find_text_format(content, FOUND)
