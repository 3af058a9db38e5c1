"""The table of how well maps find the pixels of defects."""

import numpy as np

from run_folder_fixture import table_of, write_run
from tools.analysis.sections.defect_pixels import section
from tools.files.whole_files import write_npz


def test_sets_with_masks_have_a_row_and_others_none(tmp_path):
    folder = write_run(tmp_path)
    counts = np.array([[[30, 10], [40, 0]], [[1, 9], [0, 10]]])
    write_npz(folder.pixels("far"), {"sound": counts[0], "defective": counts[1]})
    found = section(table_of(folder))
    # Of 20 defective pixels 1 is in the lower bin, of 80 sound ones 70.
    assert "far" in found.text and "20.00%" in found.text and "0.912" in found.text
    assert found.files["pixels.csv"].startswith("dataset,n_pictures,defective,auroc")
    assert len(found.files["pixels.csv"].splitlines()) == 2


def test_a_run_without_masks_has_no_such_section(tmp_path):
    found = section(table_of(write_run(tmp_path)))
    assert not found.blocks and not found.text and found.files == {"pixels.csv": ""}
