"""Simple detectors of images, without a generative model: floors that an ensemble has to beat.

Each is fitted on training images and gives one score per image, higher = more anomalous. They cost
seconds, so every run on images has them beside its own scores.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tools.run.seeds import child_seed
from tools.scores.input_statistics import input_statistics
from tools.scores.pictures.local_pca import local_pca

if TYPE_CHECKING:
    from sklearn.decomposition import PCA

Score = Callable[[np.ndarray], np.ndarray]  # from images [image, height, width, channel] to [image]
# That a floor is fitted on, images and values of all of them; of more, so many are drawn.
MOST_IMAGES, MOST_VALUES = 10_000, 50_000_000
MOST_FREQUENCIES = 32  # along a side; of larger images neighbouring ones are joined
_BATCH = 256  # images scored together, for bounded memory
COMPONENTS, NEIGHBOURS = 64, 5
_LEAST_POWER = 1e-8  # of one frequency of an image whose values are in [0, 1]


def input_properties(training: np.ndarray, seed: int) -> Score:
    """Squared Mahalanobis distance of the four input properties; see `input_statistics`."""
    del seed  # nothing is drawn
    return _distance(property_rows, training)


def power_spectrum(training: np.ndarray, seed: int) -> Score:
    """Squared Mahalanobis distance of the logarithms of the power at each frequency.

    Channels are averaged. The covariance is shrunk (Ledoit and Wolf), as there are hundreds of
    frequencies.
    """
    del seed  # nothing is drawn
    return _distance(log_power_spectrum, training)


def pca_reconstruction(training: np.ndarray, seed: int) -> Score:
    """Squared error of the reconstruction from 64 principal components."""
    pca = _components(training, seed)

    def error(images: np.ndarray) -> np.ndarray:
        rows = _flat(images)
        return np.square(rows - pca.inverse_transform(pca.transform(rows))).sum(axis=1)

    return error


def pca_neighbours(training: np.ndarray, seed: int) -> Score:
    """Mean distance to the 5 nearest training images in the space of 64 principal components."""
    from sklearn.neighbors import NearestNeighbors

    pca = _components(training, seed)
    count = min(NEIGHBOURS, len(training))
    neighbours = NearestNeighbors(n_neighbors=count).fit(pca.transform(_flat(training)))
    return lambda images: neighbours.kneighbors(pca.transform(_flat(images)))[0].mean(axis=1)


IMAGE_FLOORS: Mapping[str, Callable[[np.ndarray, int], Score]] = {
    "input_properties": input_properties,
    "power_spectrum": power_spectrum,
    "pca_reconstruction": pca_reconstruction,
    "pca_neighbours": pca_neighbours,
    "local_pca": partial(local_pca, "plain"),
    "local_pca_photo": partial(local_pca, "photo"),
}


def fit_image_floor(name: str, training: np.ndarray, seed: int) -> Score:
    """Fits one floor.

    Args:
        name: A key of IMAGE_FLOORS.
        training: Images [image, height, width, channel] in [0, 1].
        seed: Root seed of the run, for the draw of the images that it is fitted on.

    Returns:
        Function from images to scores float64 [image], higher = more anomalous.
    """
    draw = np.random.default_rng(child_seed(seed, "floor images"))
    most = min(MOST_IMAGES, max(1, MOST_VALUES // training[0].size))
    if len(training) > most:
        training = training[np.sort(draw.choice(len(training), most, replace=False))]
    training = np.asarray(training)  # it may lie in a file
    score = IMAGE_FLOORS[name](training, child_seed(seed, "floor", name))

    def scores(images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), _BATCH)
        return np.concatenate([score(images[start : start + _BATCH]) for start in starts])

    return scores


def log_power_spectrum(images: np.ndarray) -> np.ndarray:
    """Log power at each frequency of the mean over channels: float64 [image, frequency].

    Frequencies whose power repeats that of another one, as values are real, are left out. Those of
    images with sides above 32 pixels are joined to blocks, whose power is summed.
    """
    grey = images.mean(axis=3, dtype=np.float64)
    power = np.square(np.abs(np.fft.rfft2(grey)))
    for axis, pixels in ((1, images.shape[1]), (2, images.shape[2])):
        width = -(-pixels // MOST_FREQUENCIES)
        power = np.add.reduceat(power, np.arange(0, power.shape[axis], width), axis)
    return np.log(power + _LEAST_POWER).reshape(-1, power.shape[1] * power.shape[2])


def property_rows(images: np.ndarray) -> np.ndarray:
    """The four input properties, see `input_statistics`: float64 [image, property]."""
    return np.stack(list(input_statistics(images, "bernoulli").values()), axis=1)


def standardised_distance(known: np.ndarray) -> Score:
    """Squared Mahalanobis distance from rows [image, feature], standardised, shrunk covariance.

    Returns:
        Function from rows [image, feature] to distances [image].
    """
    from sklearn.covariance import LedoitWolf
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(known)
    fitted = LedoitWolf().fit(scaler.transform(known))
    precision = fitted.get_precision()

    def distance(rows: np.ndarray) -> np.ndarray:
        standard = (rows - scaler.mean_) / scaler.scale_ - fitted.location_
        return ((standard @ precision) * standard).sum(axis=1)

    return distance


def _distance(features: Callable[[np.ndarray], np.ndarray], training: np.ndarray) -> Score:
    distance = standardised_distance(features(training))
    return lambda images: distance(features(images))


def _components(training: np.ndarray, seed: int) -> "PCA":
    from sklearn.decomposition import PCA

    count = min(COMPONENTS, len(training) - 1, training[0].size - 1)
    return PCA(max(1, count), svd_solver="randomized", random_state=seed).fit(_flat(training))


def _flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)
