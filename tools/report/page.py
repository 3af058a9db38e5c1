"""The frame of a report page: one file, opens offline, for a screen, a phone and paper."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template

from tools.report.markup import Markup, element, joined

TEMPLATE = Path(__file__).with_name("report_template.html")


def page_html(title: str, facts: Markup, sections: Mapping[str, Markup]) -> str:
    """The whole page: title, facts, a contents list, and the sections under their headings.

    Args:
        title: Of the page.
        facts: Stands under the title.
        sections: {heading: content}, in their order.
    """
    body = joined(
        element("header", element("h1", title), facts, _contents(sections)),
        element("main", *(_section(name, content) for name, content in sections.items())),
    )
    return Template(TEMPLATE.read_text("utf-8")).substitute(title=joined(title), body=body)


def _contents(names: Iterable[str]) -> Markup:
    links = (element("li", element("a", name, href=f"#{_anchor(name)}")) for name in names)
    return element("nav", element("ul", *links), aria_label="Contents")


def _section(name: str, content: Markup) -> Markup:
    title = element("h2", name, id=_anchor(name))
    return element("section", title, content, aria_labelledby=_anchor(name))


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")
