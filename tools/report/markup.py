"""HTML from nested calls; whatever is not markup already is escaped."""

import html

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
