"""Where images are strange: scores by simple detectors and maps, and what the report shows."""

from collections.abc import Sequence

import numpy as np

from tools.data.example_set import ExampleSet
from tools.data.images.mask_files import defect_masks
from tools.files.whole_files import write_npz
from tools.run.run_folder import RunFolder
from tools.scores.detection import headlines_of
from tools.scores.finished_run import read_run
from tools.scores.pictures.pixel_counts import PixelCounts
from tools.scores.score_lines import usable_lines
from tools.scores.score_registry import SIMPLE_PARTS, STRANGEST_PLACE, needed_quantities
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.members import TrainedMember
from vae_wgan.run.member_maps import (
    MapsOf,
    maps_of_run,
    read_places,
    score_strangest_places,
    write_places,
)
from vae_wgan.run.picture_scores import score_simple_pictures
from vae_wgan.run.score_sets import as_bytes
from vae_wgan.settings.any_settings import AnySettings

SHOWN = 12  # images of each set


def score_and_show_strange_places(
    members: Sequence[TrainedMember],
    data: ExperimentData,
    settings: AnySettings,
    folder: RunFolder,
) -> None:
    """Writes the local scores that are asked for, and maps of the most anomalous images.

    Args:
        members: The trained members, which have scored all sets.
        data: All images of the run.
        settings: Settings of the run.
        folder: The run folder.

    Raises:
        InputError: A score needs maps, and the members have none.
    """
    needed, scored = needed_quantities(settings.score_keys), (*data.scored, *data.altered)
    simple = None
    if any(name.startswith(SIMPLE_PARTS) for name in needed):
        sets = data.training, data.calibration, scored
        simple = score_simple_pictures(folder, *sets, settings.seed)
    models = [one.member for one in members]
    write_places(models, data.calibration, folder)
    if STRANGEST_PLACE in needed:
        score_strangest_places(members, data.calibration, scored, folder)
    maps_of = maps_of_run(models, simple, read_places(folder))
    if maps_of is not None:
        _write_maps(maps_of, (data.test, *data.ood), settings, folder)
        _write_pixels(maps_of, data.ood, folder)


def _write_maps(
    maps_of: MapsOf, example_sets: Sequence[ExampleSet], settings: AnySettings, folder: RunFolder
) -> None:
    """Writes maps/DATASET.npz: ids, images and maps of the most anomalous by the headline score."""
    keys = dict.fromkeys(key for key, _ in headlines_of(settings.score_keys))
    lines, left_out = usable_lines(read_run(folder, [*keys]), [*keys], settings.ddof)
    headline = headlines_of([key for key in keys if key not in left_out])[0]
    for part in example_sets:
        rows = np.argsort(-lines[part.name][headline][0], kind="stable")[:SHOWN]
        images = part.examples[rows]
        shown = {"ids": part.ids[rows], "images": as_bytes(images)}
        write_npz(folder.strange_places(part.name), shown | {"maps": maps_of(images)})


def _write_pixels(maps_of: MapsOf, example_sets: Sequence[ExampleSet], folder: RunFolder) -> None:
    """Writes pixels/DATASET.npz, how maps sort the pixels, of sets with masks of their defects."""
    for part in example_sets:
        folder.pixels(part.name).unlink(missing_ok=True)
        rows, masks = defect_masks(part)
        if masks.any() and not masks.all():
            counts = PixelCounts.of(maps_of(part.examples[rows]), masks)
            write_npz(folder.pixels(part.name), counts._asdict())
