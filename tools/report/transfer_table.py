"""Whether attacks on one member deceive the others, for the report."""

from collections.abc import Sequence

from tools.report.markup import Markup, element, heading, number_cell, table_of
from tools.report.text_lines import fixed
from tools.scores.transfer import TransferRow

HEADINGS = ("set", "member", "mean before", "mean after", "AUROC before", "AUROC after")


def transfer_section(rows: Sequence[TransferRow]) -> Markup:
    """A line per set and member."""
    body = (
        element(
            "tr",
            element("th", row.dataset, scope="row"),
            element("td", f"{row.member}, attacked" if row.attacked else str(row.member)),
            *map(number_cell, (f"{row.before:.1f}", f"{row.after:.1f}")),
            *map(number_cell, (fixed(row.auroc_before), fixed(row.auroc_after))),
        )
        for row in rows
    )
    caption = (
        f"{rows[0].score} of inputs before and after they were made more normal by the gradient of"
        " one member; AUROC against the test images. Where the others are not deceived, their"
        " disagreement gives the attack away."
    )
    return table_of(caption, [heading(name) for name in HEADINGS], body, class_="matrix")
