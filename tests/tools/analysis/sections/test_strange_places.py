"""The gallery of strange places: which sets have one, and what is damaged."""

import numpy as np
import pytest

from input_errors import message_of
from run_folder_fixture import table_of, write_run
from tools.analysis.sections.strange_places import section
from tools.files.whole_files import write_npz
from tools.scores.score_files import read_scores


@pytest.fixture
def folder(tmp_path):
    folder = write_run(tmp_path)
    write_npz(folder.strange_places("far"), arrays(folder))
    return folder


def arrays(folder):
    return {
        "ids": read_scores(folder.scores("far")).ids[:3],
        "images": np.zeros((3, 28, 28, 1), np.uint8),
        "maps": np.ones((3, 28, 28), np.float32),
    }


def test_sets_with_maps_are_shown_with_scores_and_p_values(folder):
    (plot,) = section(table_of(folder)).plots
    assert plot.name == "maps/far"
    assert plot.png.startswith(b"\x89PNG")
    assert "highest iwae" in plot.caption
    assert "far" in plot.alt


def test_a_run_without_maps_has_no_such_section(tmp_path):
    assert section(table_of(write_run(tmp_path))).blocks == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"maps": np.full((3, 28, 28), np.nan)}, "not one finite map"),
        ({"maps": np.zeros((2, 28, 28))}, "not one finite map"),
        ({"ids": np.array([-1, -2, -3])}, "shows rows that have no scores"),
    ],
)
def test_a_damaged_file_is_named(folder, change, words):
    write_npz(folder.strange_places("far"), arrays(folder) | change)
    assert words in message_of(section, table_of(folder))
