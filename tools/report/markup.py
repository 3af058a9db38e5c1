"""HTML from nested calls; whatever is not markup already is escaped."""

import html
from collections.abc import Iterable, Mapping

VOID = frozenset({"br", "col", "hr", "img"})


class Markup(str):
    """Text that is HTML already; only `element` and `joined` make it."""


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """One element.

    Args:
        tag: Its name.
        *children: Markup stays as it is; everything else is turned into text and escaped.
        **attributes: `class_` is the attribute class, `aria_label` is aria-label; the values are
            escaped.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for name, value in attributes.items()
    )
    if tag in VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*parts: object) -> Markup:
    """The parts one after the other, escaped like the children of an element."""
    return Markup(
        "".join(part if isinstance(part, Markup) else html.escape(str(part)) for part in parts)
    )


def table_of(
    caption: str,
    heads: Iterable[Markup],
    body: Iterable[Markup],
    *,
    foot: Markup | None = None,
    class_: str = "plain",
) -> Markup:
    """A table that scrolls sideways by itself, so that the page never does.

    Args:
        caption: Stands above it, and names it for screen readers.
        heads: The cells of its heading.
        body: Its rows.
        foot: A last row, under a line.
        class_: Its look.
    """
    content = element(
        "table",
        element("caption", element("span", caption)),
        element("thead", element("tr", *heads)),
        element("tbody", *body),
        *([element("tfoot", foot)] if foot else []),
        class_=class_,
    )
    attributes = {"class_": "scroll", "role": "region", "aria_label": caption, "tabindex": 0}
    return element("div", content, **attributes)


def pairs(caption: str, values: Mapping[str, object]) -> Markup:
    """A table of names and values."""
    body = (
        element("tr", element("th", name, scope="row"), element("td", element("code", value)))
        for name, value in values.items()
    )
    return table_of(caption, [heading("name"), heading("value")], body, class_="wrapping")


def heading(content: object) -> Markup:
    """The heading of a column."""
    return element("th", content, scope="col")


def sortable_table(caption: str, names: Iterable[str], body: Iterable[Markup]) -> Markup:
    """A table whose headings, of these names, are clicked to sort by their columns."""
    heads = [heading(element("button", name, type="button")) for name in names]
    return table_of(caption, heads, body, class_="sortable")


def number_cell(content: object) -> Markup:
    """A cell that is aligned to the right."""
    return element("td", content, class_="number")
