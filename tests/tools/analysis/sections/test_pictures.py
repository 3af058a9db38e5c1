import numpy as np
import pytest

from run_folder_fixture import change_scores, table_of, write_run
from tools.analysis.sections.pictures import section
from tools.files.whole_files import write_npz
from tools.scores.score_files import read_scores, write_scores


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path)


def test_each_set_has_its_pictures_with_words_under_its_name(folder):
    galleries = section(table_of(folder)).blocks
    assert [gallery.title for gallery in galleries] == ["digits", "near", "far"]
    for gallery in galleries:
        names = [plot.name for plot in gallery.plots]
        assert names == [f"extremes_{gallery.title}", f"reconstructions_{gallery.title}"]
        for plot in gallery.plots:
            assert plot.alt and plot.caption and plot.png.startswith(b"\x89PNG")


def test_a_run_without_pictures_has_no_section(folder):
    for path in folder.path.glob("pictures/*"):
        path.unlink()
    assert section(table_of(folder)).blocks == []


def test_critics_have_samples_and_no_reconstructions(folder):
    generated = np.zeros((64, 28, 28, 1), np.uint8)
    for member in range(3):
        write_npz(folder.samples(member), {"images": generated})
    for name in ("digits", "calibration", "near", "far"):
        change_scores(folder, name, lambda scores: {"logit": -scores["rate"], **scores})
    for path in folder.path.glob("pictures/*"):
        with np.load(path) as pictures:
            kept = {n: pictures[n] for n in pictures if not n.endswith("reconstructions")}
        write_npz(path, kept | {"score": np.array("extra_logit")})
    drawn = {plot.name: plot for plot in section(table_of(folder, keys=("logit",))).plots}
    assert {"samples", "extremes_near"} <= drawn.keys()
    assert not any(name.startswith("reconstructions") for name in drawn)
    assert "WAIC of extra_logit" in drawn["extremes_near"].caption


def test_an_attacked_set_is_shown_beside_what_it_was_made_of(folder):
    with np.load(folder.pictures("near")) as near, np.load(folder.pictures("far")) as far:
        same_rows = dict(far) | {"first_ids": near["first_ids"]}
    far_file = read_scores(folder.scores("far"))
    near_ids = read_scores(folder.scores("near")).ids
    write_scores(folder.scores("far"), far_file.scores, near_ids, {})
    rows = {f"{group}_ids": near_ids[:size] for group, size in (("most", 16), ("least", 16))}
    write_npz(folder.pictures("far"), same_rows | rows)
    folder.update_manifest(adversarial={"far": "near"})
    names = {plot.name for plot in section(table_of(folder)).plots}
    assert {"attack_far", "reconstructions_near"} <= names
    assert not {"attack_near", "reconstructions_far"} & names
