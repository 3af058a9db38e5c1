"""Strange places: the most anomalous images of each set beside their maps."""

from collections.abc import Iterator

import numpy as np

from tools.analysis.section import Section
from tools.report.blocks import Gallery, Plot
from tools.report.picture_maps import picture_maps
from tools.scores.conformal import p_values
from tools.scores.detection import DetectionTable
from tools.scores.example_names import read_example_names
from tools.scores.finished_run import read_maps
from tools.scores.pictures.maps import strangest_place

_LONGEST = 36  # letters of a file's name
_FRAMED = 6  # of the picture's side, the frame around the strangest place is one part in so many


def section(table: DetectionTable) -> Section:
    """One page of pictures for each set, in analysis/maps/ too.

    Raises:
        InputError: A file of maps is damaged.
    """
    plots = [*_plots(table)]
    return Section("Where images are strange", [Gallery(plots)] if plots else [])


def _plots(table: DetectionTable) -> Iterator[Plot]:
    run, (key, statistic) = table.run, table.headlines[0]
    known = table.calibration_scores
    for name in run.test_sets:
        if (shown := read_maps(run, name)) is None:
            continue
        places = {int(number): place for place, number in enumerate(run.scores[name].ids)}
        rows = [places[int(number)] for number in shown["ids"]]
        scores = table.lines[name][key, statistic][0][rows]
        size = max(4, max(shown["maps"].shape[1:]) // _FRAMED)
        found = scores, p_values(scores, known)
        yield Plot(
            name=f"maps/{name}",
            png=picture_maps(
                shown["images"],
                shown["maps"],
                [strangest_place(map, size) for map in shown["maps"]],
                [*map(_caption, _names(table, name, shown["ids"]), *found)],
            ),
            caption=f"The images of {name} with the highest {key}, each beside its map: bright is"
            " what normal images do not have at that place, in standard deviations of these from 2"
            " (not coloured) to 6. The frame is around the strangest place.",
            alt=f"The most anomalous images of {name} and maps of where they are strange.",
        )


def _names(table: DetectionTable, dataset: str, ids: np.ndarray) -> list[str]:
    """Files of the examples, their ends if they are long; numbers of examples that are no files."""
    names = read_example_names(table.run, dataset)
    paths = [names[int(i)].path if int(i) in names else f"no. {i}" for i in ids]
    return [path if len(path) <= _LONGEST else f"…{path[1 - _LONGEST :]}" for path in paths]


def _caption(name: str, score: float, p_value: float) -> str:
    return f"{name}\nscore {score:.4g}, p {p_value:.2g}"
