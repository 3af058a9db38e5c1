from html_page import Page
from tools.report.markup import element
from tools.report.page import page_html


def test_sections_stand_under_headings_that_the_contents_point_to():
    sections = {"One & all": element("p", "first"), "Two": element("p", "<second>")}
    page = Page(page_html("<title>", element("p", "facts"), sections))
    assert page.text("title") == page.text("h1") == ["<title>"]
    assert page.text("h2") == ["One & all", "Two"]
    assert page.text("p") == ["facts", "first", "<second>"]
    targets = [attributes["href"] for attributes in page.all("a")]
    assert targets == [f"#{attributes['id']}" for attributes in page.all("h2")]
