"""A report page: one file, opens offline, for a screen, a phone and paper."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tools.report.blocks import Block

# Every name and text is escaped: a stranger's data set may be called <script>.
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page_html(title: str, facts: str, sections: Mapping[str, Sequence[Block]]) -> str:
    """The whole page: title, facts, a contents list, and the sections under their headings.

    Args:
        title: Heading of the page and title of its window.
        facts: A sentence or two under the title.
        sections: {heading: blocks}, from top to bottom.
    """
    template = _TEMPLATES.get_template("page.html")
    return template.render(title=title, facts=facts, sections=sections)
