"""The report of a run as a page: its sections, its words for those who do not see, its safety."""

import re

import pytest

from html_page import Page
from run_folder_fixture import change_manifest, table_of, write_run
from tools.analysis.run_analysis import SECTIONS, report_html
from tools.analysis.section import Section
from tools.report.blocks import Cell, Gallery, Plot, Table, Text

SCRIPT = "<script>alert('x')</script>"
TITLES = (
    "Verdict,Scores,Statistics over members,All metrics,Flagged examples,Training,Images,"
    "Missing data sets,Settings,Provenance"
)
PLOT = Plot("roc", b"\x89PNG", caption="One & all", alt='AUROC of "near": 0.7')


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path)


@pytest.fixture
def text(folder):
    return whole_report(table_of(folder, elbo_threshold=110.0))


@pytest.fixture
def page(text):
    return Page(text)


def whole_report(table, *more):
    return report_html(table, [*(section(table) for section in SECTIONS), *more])


def test_sections_stand_in_order_and_the_contents_point_to_them(page):
    assert page.text("h2") == TITLES.split(",")
    targets = [attributes["href"] for attributes in page.all("a")]
    assert targets == [f"#{attributes['id']}" for attributes in page.all("h2")]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)


def test_page_names_language_title_and_size_for_phones(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.text("title") == page.text("h1") == ["Out-of-distribution detection: digits"]
    assert any(attributes.get("name") == "viewport" for attributes in page.all("meta"))


def test_nothing_is_loaded_from_elsewhere(text):
    words = re.sub(r"base64,[\w+/=]+", "", text)
    assert not re.search(r"https?:|//\w|@import|url\(", words)
    for _, attributes in Page(text).elements:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith(("#", "data:"))


def test_pictures_have_words(folder):
    table = table_of(folder)
    page = Page(report_html(table, [Section("Plots", [Gallery([PLOT])])]))
    (image,) = page.all("img")
    assert image["alt"] == 'AUROC of "near": 0.7'
    assert image["src"] == "data:image/png;base64,iVBORw=="
    assert page.text("figcaption") == ["One & all"]


def test_tables_have_captions_and_headings(page):
    n_tables = len(page.all("table"))
    assert n_tables == len(page.all("caption")) == len(page.all("thead")) == 10
    assert {attributes.get("scope") for attributes in page.all("th")} == {"col", "row"}
    assert [attributes["class"] for attributes in page.all("table")].count("sortable") == 2
    assert len(page.text("button")) == 12 + 6  # all metrics, and the scores, a row each


def test_text_from_outside_is_escaped(folder):
    change_manifest(folder, missing={SCRIPT: f"{SCRIPT} & so on"})
    folder.update_manifest(settings={SCRIPT: SCRIPT}, device=SCRIPT, likelihood=SCRIPT)
    plot = Plot("x", b"", caption=SCRIPT, alt=f'"{SCRIPT}')
    cells = Table(SCRIPT, [SCRIPT], [[Cell(SCRIPT, note=SCRIPT, link="#")]], is_sortable=True)
    more = Section("More", [Gallery([plot], title=SCRIPT), cells, Text(SCRIPT)])
    text = whole_report(table_of(folder), more)
    assert "<script>alert" not in text
    page = Page(text)
    assert page.visible.count(SCRIPT) >= 12
    assert page.all("img")[-1]["alt"] == f'"{SCRIPT}'


def test_sections_without_content_are_left_out(folder):
    page = Page(report_html(table_of(folder), [Section("A"), Section("B", [Text("b")])]))
    assert page.text("h2") == ["B"]


def test_the_facts_tell_members_and_sets(page):
    (facts,) = (text for text in page.text("p") if text.startswith("Members: 3."))
    assert "40 test examples of digits against 2 OoD sets (1 more could not be had)" in facts
