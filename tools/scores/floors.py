"""Names of the simple detectors that an ensemble has to beat, on the same rows: floors.

They need no generative model and cost seconds. How they are fitted is in image_floors.py and
table_floors.py, which load more libraries than flags can wait for.
"""

from collections.abc import Mapping

SIMPLE = "simple"  # the joined score of several, in tools.scores.simple and .pictures
# {name: what it is, in words}
IMAGE_FLOOR_WORDS: Mapping[str, str] = {
    "input_properties": "four properties of the input",
    "power_spectrum": "the power spectrum",
    "pca_reconstruction": "the reconstruction error of PCA",
    "pca_neighbours": "nearest neighbours in the space of PCA",
    "local_pca": "PCA of small patches",
    "local_pca_photo": "PCA of small patches of photos",
}
TABLE_FLOOR_WORDS: Mapping[str, str] = {
    "gaussian": "one Gaussian",
    "knn": "nearest neighbours",
    "isolation_forest": "isolation forest",
    "dte_np": "the mean distance to nearest neighbours",
    "local_outlier_factor": "local outlier factor",
    "marginal_tails": "tails of single columns",
    "gaussian_mixture": "a Gaussian mixture",
    "elliptic_envelope": "elliptic envelope",
    "pca_reconstruction": "the reconstruction error of PCA",
}
FEATURE_FLOOR_WORDS: Mapping[str, str] = {
    "feature_neighbours": "nearest neighbours on pretrained features",
    "feature_gaussian": "one Gaussian on pretrained features",
    "feature_places": "one Gaussian at each place on pretrained features",
}
FLOOR_WORDS: Mapping[str, str] = {
    **IMAGE_FLOOR_WORDS,
    **FEATURE_FLOOR_WORDS,
    **TABLE_FLOOR_WORDS,
    SIMPLE: "simple detectors joined",
}
