"""The building blocks of a report page: texts, cards, tables and pictures, without HTML."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Text:
    """A paragraph; a note is small and grey."""

    kind: ClassVar[str] = "text"
    words: str
    is_note: bool = False


@dataclass(frozen=True)
class Card:
    """A large figure with a title above and a sentence below."""

    title: str
    figure: str
    words: str


@dataclass(frozen=True)
class Cards:
    """Cards beside each other."""

    kind: ClassVar[str] = "cards"
    cards: Sequence[Card]


@dataclass(frozen=True)
class Plot:
    """One picture.

    Attributes:
        name: File name without ending; unique in the run.
        png: The file's content.
        caption: Explains what the plot shows and how to read it.
        alt: Text for readers who do not see the plot, with its numbers.
    """

    name: str
    png: bytes
    caption: str
    alt: str

    @property
    def base64(self) -> str:
        """The file's content as text, to stand in the page itself."""
        return base64.b64encode(self.png).decode("ascii")


@dataclass(frozen=True)
class Gallery:
    """Pictures beside each other, perhaps under a title."""

    kind: ClassVar[str] = "gallery"
    plots: Sequence[Plot]
    title: str = ""


@dataclass(frozen=True)
class Pairs:
    """A table of names and values."""

    kind: ClassVar[str] = "pairs"
    caption: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Cell:
    """A cell of a table that is more than a text.

    Attributes:
        text: Text of the cell.
        note: Small text below it.
        link: Address that the text links to.
        tint: Background colour, in CSS notation.
        is_grey: Whether the text is grey, as it counts for less.
    """

    text: str
    note: str = ""
    link: str = ""
    tint: str = ""
    is_grey: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row names it.

    Attributes:
        caption: Stands above it, and names it for screen readers.
        heads: Headings of the columns.
        rows: Its rows, as long as the heads.
        text_columns: So many first columns hold texts, the others numbers, which are set right.
        is_sortable: A click on a heading sorts the rows by that column.
        foot: A last row, under a line, that is not sorted.
    """

    kind: ClassVar[str] = "table"
    caption: str
    heads: Sequence[str | Cell]
    rows: Sequence[Sequence[str | Cell]]
    text_columns: int = 1
    is_sortable: bool = False
    foot: Sequence[str | Cell] = ()


@dataclass(frozen=True)
class Folded:
    """Blocks behind a line that opens them with a click: what only few readers look up."""

    kind: ClassVar[str] = "folded"
    title: str
    blocks: Sequence["Block"]


Block = Text | Cards | Gallery | Pairs | Table | Folded


def plots_in(blocks: Sequence[Block]) -> Iterator[Plot]:
    """All pictures of the blocks, also of folded ones, from top to bottom."""
    for block in blocks:
        if isinstance(block, Gallery):
            yield from block.plots
        elif isinstance(block, Folded):
            yield from plots_in(block.blocks)
