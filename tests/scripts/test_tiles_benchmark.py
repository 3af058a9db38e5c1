"""The benchmark on photos of tiles, on a few made-up ones."""

import numpy as np
import pytest

from input_errors import message_of
from scripts.benchmarks.tiles import KINDS, figures, tile_figures, tiles_of
from tools.scores.pictures.near_copies import folds_of, near_copies

SIDE = 20


def made_up_tiles(count, exposures, seed):
    """Smooth surfaces, each photographed in several lights: uint8 [photo, side, side]."""
    random = np.random.default_rng(seed)
    coarse = random.normal(size=(count, 5, 5)).repeat(4, axis=1).repeat(4, axis=2)
    fine = random.normal(size=(count, SIDE, SIDE))
    surfaces = np.repeat(coarse + 0.5 * fine, exposures, axis=0)
    light = random.uniform(90, 130, (len(surfaces), 1, 1))
    noise = random.normal(size=surfaces.shape)
    return np.clip(light + 12 * surfaces + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def photos():
    found = {"train": made_up_tiles(40, 2, 0), "good": made_up_tiles(15, 1, 1)}
    for number, kind in enumerate(KINDS):
        odd, mask = made_up_tiles(8, 1, 2 + number), np.zeros((8, SIDE, SIDE), np.uint8)
        odd[:, 6:10, 6:10], mask[:, 6:10, 6:10] = 250, 255
        found |= {kind: odd, f"{kind}_mask": mask}
    return found


@pytest.mark.parametrize("protocol", ["given", "grouped"])
def test_a_bright_spot_is_found_and_its_pixels_too(photos, protocol):
    found = {figure.name: figure.value for figure in tile_figures(photos, protocol, 0)}
    begin = f"tiles.{protocol}.0"
    assert found[f"{begin}.mean.local"] > 0.95
    assert found[f"{begin}.blowhole.pixels"] > 0.95
    assert found[f"{begin}.false_alarms"] <= 0.3
    assert f"{begin}.mean.unfamiliar" in found


def test_photos_of_one_tile_are_near_copies_and_share_a_fold(photos):
    groups = near_copies(photos["train"][..., np.newaxis] / 255)
    assert (groups[0::2] == groups[1::2]).all()
    assert len(np.unique(groups)) == 40
    tiles = tiles_of(photos["train"])
    assert (tiles[0::2] == tiles[1::2]).all()
    assert len(np.unique(tiles)) >= 38  # two may be alike by chance
    folds = folds_of(groups, 5, seed=0)
    assert (folds[0::2] == folds[1::2]).all()
    assert np.bincount(folds).tolist() == [16] * 5


def test_missing_data_and_unknown_protocols_are_named(tmp_path, photos):
    class Options:
        data_dir, seeds, protocols = str(tmp_path), 1, "given"

    assert "tiles_64x64.npz" in message_of(list, figures(Options()))
    assert "known are given" in message_of(list, tile_figures(photos, "random", 0))
