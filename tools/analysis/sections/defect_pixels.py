"""How well maps find defects: AUROC of pixels, where masks tell which are defective."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.analysis.section import Section
from tools.report.blocks import Table, Text
from tools.report.text_lines import aligned, bracketed, fixed, rows_csv
from tools.scores.detection import DetectionTable
from tools.scores.pictures.pixel_counts import PixelCounts

TITLE = "How well maps find defects"
NOTE = (
    "Share of pairs of a defective and a sound pixel that the maps have in the right order, of the"
    " pictures with a mask in ground_truth/, which has no part in any score. The 95 % interval is"
    " over pictures, whose pixels are drawn together."
)
HEADS = ("data set", "pictures", "defective pixels", "AUROC of pixels [low, high]")


@dataclass(frozen=True)
class PixelRow:
    """The pixels of one kind of defect, fields in the order of pixels.csv.

    Attributes:
        dataset: The kind.
        n_pictures: Pictures with a mask.
        defective: Share of their pixels that is defective.
        auroc: AUROC of their pixels by the maps of the run.
        auroc_low: Lower end of its 95 % interval; None: no intervals.
        auroc_high: Its upper end.
    """

    dataset: str
    n_pictures: int
    defective: float
    auroc: float
    auroc_low: float | None
    auroc_high: float | None


def section(table: DetectionTable) -> Section:
    """A row for each kind of defect with masks; no section where there is none.

    Raises:
        InputError: A file of counts is damaged.
    """
    rows = list(pixel_rows(table))
    if not rows:
        return Section(TITLE, files={"pixels.csv": ""})
    lines = [
        (
            row.dataset,
            f"{row.n_pictures:,}",
            f"{row.defective:.2%}",
            f"{fixed(row.auroc)} {bracketed(row.auroc_low, row.auroc_high)}".rstrip(),
        )
        for row in rows
    ]
    return Section(
        TITLE,
        [Table("Pixels", HEADS, lines), Text(NOTE, is_note=True)],
        text=f"{TITLE}\n{aligned([HEADS, *lines], left_columns=1)}",
        files={"pixels.csv": rows_csv(rows)},
    )


def pixel_rows(table: DetectionTable) -> Iterator[PixelRow]:
    """The rows, in the order of the sets."""
    options = table.options
    for name in table.run.out_of_distribution:
        counts = PixelCounts.read(table.run.folder.pixels(name))
        if counts is None:
            continue
        defective, total = counts.defective.sum(), counts.sound.sum() + counts.defective.sum()
        ends = counts.interval(options.draws, options.seed) if options.draws else (None, None)
        yield PixelRow(name, len(counts.sound), float(defective / total), counts.auroc(), *ends)
