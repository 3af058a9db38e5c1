"""Local PCA: the strangest place of a picture, by errors of principal components."""

from collections.abc import Callable

import numpy as np
from sklearn.decomposition import PCA

from tools.scores.pictures.looks import LOOKS, reduced
from tools.scores.pictures.maps import Places, log_error_map, strongest

COMPONENTS, _LEFT_OUT = 64, 5  # one picture in so many tells what is normal at each place


def local_pca(look: str, training: np.ndarray, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """Largest standardised log squared error of a place, from 64 principal components.

    A fifth of the pictures, which the components were not fitted on, tells mean and deviation of
    the error at each place.

    Args:
        look: Key of LOOKS: plain, or photo, without each picture's brightness and contrast.
        training: Normal pictures [image, height, width, channel] in [0, 1], at least two.
        seed: Seed of the draw of the fifth and of the search for components.

    Returns:
        Function from pictures to scores [image], higher = more anomalous.
    """
    order = np.random.default_rng(seed).permutation(len(training))
    left_out, fitted = np.split(reduced(training[order]), [max(1, len(training) // _LEFT_OUT)])
    rows = LOOKS[look](fitted)
    count = max(1, min(COMPONENTS, len(rows) - 1, rows.shape[1] - 1))
    with np.errstate(divide="ignore", invalid="ignore"):  # one picture, or all the same
        pca = PCA(count, svd_solver="randomized", random_state=seed).fit(rows)

    def maps(images: np.ndarray) -> np.ndarray:
        rows = LOOKS[look](images)
        squares = np.square(rows - pca.inverse_transform(pca.transform(rows)))
        return log_error_map(squares.reshape(images.shape))

    places = Places.fit(maps(left_out))
    return lambda images: strongest(places.standardised(maps(reduced(images))))
