import numpy as np
import pytest

from input_errors import message_of
from run_folder_fixture import TEST_SETS, change_manifest, table_of, write_run
from tools.analysis.sections.latents import latent_space, projection, read_latents, section
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores, write_scores

ALTERED = [f"corruption.{kind}.{level}" for kind in ("fog", "snow") for level in (1, 5)]


@pytest.fixture
def folder(tmp_path):
    """A run with codes of five numbers; of altered images those at the last level only."""
    folder = write_run(tmp_path)
    digits = read_scores(folder.scores("digits"))
    for name in ALTERED:
        write_scores(folder.scores(name), digits.scores, digits.ids, {})
    change_manifest(folder, altered=ALTERED)
    for index, name in enumerate((*TEST_SETS, ALTERED[1], ALTERED[3])):
        codes = np.random.default_rng(index).normal(size=(5, 30)) * [[3], [2], [1], [1], [1]]
        write_scores(folder.latents(name), {"posterior_mean": codes}, np.arange(30), {})
    return folder


def latents_of(folder):
    return read_latents(read_run(folder, ["iwae"]))


def test_altered_images_are_one_set_of_the_last_levels(folder):
    latents = latents_of(folder)
    assert list(latents) == [*TEST_SETS, "corrupted, last level"]
    codes = [read_scores(folder.latents(name)).scores["posterior_mean"].T for name in ALTERED[1::2]]
    np.testing.assert_array_equal(latents["corrupted, last level"], np.concatenate(codes))


def test_directions_are_those_in_which_the_normal_images_vary_most(folder):
    latents = latents_of(folder)
    found = projection(latents, "digits")
    centre = latents["digits"].mean(axis=0)
    _, widths, directions = np.linalg.svd(latents["digits"] - centre)
    for name, points in found.points.items():
        expected = (latents[name] - centre) @ directions[:2].T
        np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-6)
    np.testing.assert_allclose(found.explained, widths[:2] ** 2 / (widths**2).sum())


@pytest.mark.parametrize("shape", [(1, 5), (30, 1)])
def test_one_image_or_codes_of_one_number_have_no_two_directions(shape):
    assert projection({"digits": np.ones(shape)}, "digits") is None


def test_the_picture_shows_each_set_and_is_left_out_without_codes(folder, tmp_path):
    (plot,) = section(table_of(folder)).plots
    assert plot.png.startswith(b"\x89PNG")
    assert all(name in plot.alt for name in (*TEST_SETS, "corrupted, last level"))
    assert section(table_of(write_run(tmp_path / "older"))).blocks == ()


def test_more_sets_make_a_higher_picture(folder):
    points = projection(latents_of(folder), "digits")
    more = points._replace(points=points.points | dict.fromkeys("abc", points.points["near"]))
    heights = [int.from_bytes(latent_space(each)[20:24]) for each in (points, more)]
    assert heights[1] > heights[0]


def test_codes_that_are_nan_are_named(folder):
    codes = {"posterior_mean": np.full((5, 30), np.nan)}
    write_scores(folder.latents("near"), codes, np.arange(30), {})
    assert "posterior means of near" in message_of(latents_of, folder)
