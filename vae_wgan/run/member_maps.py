"""Maps of the members: where an image is less likely than calibration images are at that place."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from tools.files.whole_files import write_npz
from tools.run.run_folder import CALIBRATION, RunFolder
from tools.scores.conformal import FOLDS, left_out_scores
from tools.scores.pictures.maps import SMOOTHING, Places, strongest
from tools.scores.pictures.picture_ensemble import PictureEnsemble
from tools.scores.pictures.smoothing import smoothed
from tools.scores.score_files import is_current, read_arrays, read_scores, write_scores
from tools.scores.score_registry import STRANGEST_PLACE
from tools.scores.simple_detectors import SimpleDetectors
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.members import TrainedMember

MapsOf = Callable[[np.ndarray], np.ndarray]  # from images to maps [image, height, width]
_BATCH = 256  # images whose maps are computed together
_NO_PLACES = Places(np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32))


def mean_maps(members: Sequence[Member], images: np.ndarray) -> np.ndarray | None:
    """Smoothed -log p by pixel, mean over members: [image, height, width]; None: they have none."""
    total: np.ndarray | float = 0.0
    for member in members:
        maps = member.maps(images)
        if maps is None:
            return None
        total = total + maps / len(members)
    return smoothed(np.asarray(total), SMOOTHING)


def maps_of_run(
    members: Sequence[Member], simple: SimpleDetectors | None, places: Places | None
) -> MapsOf | None:
    """The one definition of a run's maps, from images to [image, height, width]; None: no maps.

    The simple detectors of pictures make them where a score of the run uses these, else the
    members do. Both are in standard deviations of normal images at the same place.

    Args:
        members: The trained members.
        simple: The simple detectors of a score that uses them, if any.
        places: Statistics of the members' maps, see `read_places`; None: members have no maps.
    """
    if isinstance(simple, PictureEnsemble):
        return simple.maps
    return None if places is None else partial(standardised_maps, members, places)


def standardised_maps(members: Sequence[Member], places: Places, images: np.ndarray) -> np.ndarray:
    """Mean maps of members that have some, in deviations of calibration images at each place."""
    starts = range(0, max(1, len(images)), _BATCH)
    maps = [mean_maps(members, images[start : start + _BATCH]) for start in starts]
    return np.concatenate([places.standardised(some) for some in maps if some is not None])


def write_places(members: Sequence[Member], calibration: ExampleSet, folder: RunFolder) -> None:
    """Writes places.npz, by which maps of these members are standardised, if they have maps."""
    maps = mean_maps(members, np.asarray(calibration.examples))
    if maps is not None:
        write_npz(folder.places(), Places.fit(maps)._asdict())


def read_places(folder: RunFolder) -> Places | None:
    """What `write_places` has written; None: the members of this run have no maps."""
    if not folder.places().exists():
        return None
    arrays = read_arrays(folder.places())
    return Places(arrays["mean"], arrays["deviation"])


def score_strangest_places(
    members: Sequence[TrainedMember],
    calibration: ExampleSet,
    example_sets: Sequence[ExampleSet],
    folder: RunFolder,
) -> None:
    """Adds the maximum of the members' standardised maps to inputs/DATASET.npz.

    Calibration images are standardised by statistics of other folds of them. Files that are up to
    date stay.

    Args:
        members: The trained members.
        calibration: The calibration split, one of the sets.
        example_sets: Sets to score.
        folder: The run folder, with the input properties of all sets.

    Raises:
        InputError: The members have no maps.
    """
    places, models = read_places(folder), [one.member for one in members]
    if places is None:
        raise InputError("--score_keys: these members have no maps, which a local score needs")
    added = {"maps_of": [one.digest for one in members], "maps_by": calibration.digest}
    for part in example_sets:
        path = folder.inputs(part.name)
        if is_current(path, added | {"values": part.digest}, [STRANGEST_PLACE]):
            continue
        if part.name == CALIBRATION:
            values = _cross_fitted(standardised_maps(models, _NO_PLACES, part.examples))
        else:
            values = strongest(standardised_maps(models, places, part.examples))
        file = read_scores(path)
        scores = {**file.scores, STRANGEST_PLACE: values[np.newaxis]}
        write_scores(path, scores, file.ids, file.provenance | added)


def _cross_fitted(maps: np.ndarray) -> np.ndarray:
    """Maximum of each map [picture, height, width], standardised by those of other folds."""
    if len(maps) < 2:
        return strongest(Places.fit(maps).standardised(maps))
    return left_out_scores(
        lambda known: lambda others: strongest(Places.fit(known).standardised(others)),
        maps.__getitem__,
        np.arange(len(maps)) % FOLDS,
    )
