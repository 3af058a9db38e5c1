import html5lib
import pytest

from html_page import Page
from tools.report.blocks import Card, Cards, Cell, Gallery, Pairs, Plot, Table, Text
from tools.report.page import page_html

PLOT = Plot("roc", b"\x89PNG", caption="under it", alt='"in words"')


def page_of(*blocks):
    text = page_html("title", "facts", {"Section": blocks})
    html5lib.HTMLParser(strict=True).parse(text)
    return Page(text)


def test_sections_stand_under_headings_that_the_contents_point_to():
    sections = {"One & all": [Text("first")], "Two": [Text("<second>", is_note=True)]}
    page = Page(page_html("<title>", "facts", sections))
    assert page.text("title") == page.text("h1") == ["<title>"]
    assert page.text("h2") == ["One & all", "Two"]
    assert page.text("p") == ["facts", "first", "<second>"]
    targets = [attributes["href"] for attributes in page.all("a")]
    assert targets == [f"#{attributes['id']}" for attributes in page.all("h2")]


def test_cards_have_title_figure_and_words():
    page = page_of(Cards([Card("iwae", "0.9", "mean AUROC"), Card("rate", "0.8", "another")]))
    assert page.text("h3") == ["iwae", "rate"]
    assert page.text("p") == ["facts", "0.9", "mean AUROC", "0.8", "another"]


def test_pairs_are_names_with_values_as_they_are_written_in_code():
    page = page_of(Pairs("flags", {"seed": 0, "log_dir": None, "<a>": ["b"]}))
    assert page.text("code") == ["0", "None", "['b']"]
    assert page.text("span") == ["flags"]


def test_a_gallery_may_have_a_title():
    page = page_of(Gallery([PLOT, PLOT], title="near"), Gallery([PLOT]))
    assert page.text("h3") == ["near"]
    assert [image["alt"] for image in page.all("img")] == 3 * ['"in words"']


def test_numbers_are_set_right_and_texts_left():
    page = page_of(Table("c", ["set", "kind", "AUROC"], [["a", "b", "0.5"]], text_columns=2))
    assert [cell.get("class") for cell in page.all("td")] == [None, "number"]
    assert [cell.get("class") for cell in page.all("th")] == [None, None, "number", None]


def test_cells_may_have_a_tint_a_link_and_a_note():
    tinted, linked = Cell("0.5", tint="rgb(1 2 3 / 0.5)"), Cell("split-0", link="../a.html")
    page = page_of(Table("c", ["a", Cell("b", note="small")], [[linked, tinted]]))
    assert page.all("td") == [{"class": "number", "style": "background-color: rgb(1 2 3 / 0.5)"}]
    assert page.all("a")[-1]["href"] == "../a.html"
    assert page.text("small") == ["small"]


@pytest.mark.parametrize("is_sortable", [False, True])
def test_sortable_tables_have_buttons_and_a_foot_stands_apart(is_sortable):
    rows = [["a", "1"], ["b", "2"]]
    page = page_of(Table("c", ["x", "y"], rows, is_sortable=is_sortable, foot=["mean", "1.5"]))
    assert page.text("button") == (["x", "y"] if is_sortable else [])
    assert len(page.all("tfoot")) == 1
    assert page.text("td") == ["1", "2", "1.5"]
