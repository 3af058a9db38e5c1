"""Local, global and familiarity scores of pictures by linear models, with calibrated heat maps.

What local scores of deep ensembles have to beat on photos of products. Scores are higher = more
anomalous, maps are [height, width]. Each of five models leaves out a fold of the normal pictures.
So every normal picture has scores by a model that saw neither it nor a near copy of it: p-values
and thresholds come from these.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

FOLDS = 5  # members, each fitted without one fold
NEIGHBOURS = 5  # of the nearest-neighbour view
RANK_SHARE, RANK_LEAST, PIXELS_PER_RANK = 3, 64, 20  # components: min(n / 3, max(64, pixels / 20))
MIN_DEVIATION = 0.02  # of a picture's values in 0..1, below which it is not stretched further
CONTRAST_REACH, CONTRAST_FLOOR = 6.0, 0.02  # local contrast: pixels, least deviation of logs
SCORE_MAPS, SMOOTHING = ("photo", "plain"), 0.7  # errors behind the local scores; pixels
# Errors of the heat map, and their smoothing in pixels.
HEAT_PARTS = (("contrast", 1.5), ("contrast", 3.0), ("denoised", 3.0))
DENOISED_RANK = 20  # the component whose variance is the noise that the denoised look is freed from
HEAT_SHARPNESS = 1.0  # between the mean (0) and the maximum (infinity) of the heat map's parts
TOP_SHARE = 0.05  # of the places, of the score between maximum and mean
NEAR_COPY = 0.5  # correlation of fingerprints above which two pictures count as of one thing
LARGEST_GROUP = 0.1  # share of the pictures in one group beyond which alike does not mean copied
TAIL = 0.1  # share of scores of left-out pictures that the exponential tail is fitted to

Array = np.ndarray  # pictures are uint8 [picture, height, width, channel]


class LinearModel:
    """Principal components of rows [picture, value]."""

    def __init__(self, rows: Array, rank: int):
        self.mean = rows.mean(0)
        centred = rows - self.mean
        if rows.shape[0] <= rows.shape[1]:
            values, left = np.linalg.eigh(centred @ centred.T)
            values, left = np.maximum(values[::-1][:rank], 1e-6), left[:, ::-1][:, :rank]
            axes = centred.T @ left / np.sqrt(values)
        else:
            values, axes = np.linalg.eigh(centred.T @ centred)
            values, axes = np.maximum(values[::-1][:rank], 1e-6), axes[:, ::-1][:, :rank]
        self.axes = np.ascontiguousarray(axes, dtype=np.float32)
        self.kept = values / (values + values[min(DENOISED_RANK, len(values) - 1)])

    def codes(self, rows: Array) -> Array:
        """Coordinates on the components [picture, component]."""
        return (rows - self.mean) @ self.axes

    def expected(self, rows: Array) -> Array:
        """Reconstructions of the rows."""
        return self.mean + self.codes(rows) @ self.axes.T

    def denoised(self, rows: Array) -> Array:
        """Wiener estimate of rows with noise of the variance of component DENOISED_RANK."""
        return self.mean + (self.codes(rows) * self.kept) @ self.axes.T


# Looks: the same pictures, uint8 [n, height, width, channels], as rows of float32


def plain(pictures: Array) -> Array:
    """Values in 0..1."""
    return pictures.reshape(len(pictures), -1).astype(np.float32) / 255


def photo(pictures: Array) -> Array:
    """Each picture at mean 0 and deviation 1, so that exposure and contrast do not count."""
    rows = plain(pictures)
    rows = rows - rows.mean(1, keepdims=True)
    return rows / np.maximum(rows.std(1, keepdims=True), MIN_DEVIATION)


def contrast(pictures: Array) -> Array:
    """Log values less their local mean, over the local deviation: small things in any light."""
    logs = np.log(pictures.astype(np.float32) + 8)
    reach = (0, CONTRAST_REACH, CONTRAST_REACH, 0)
    logs -= ndimage.gaussian_filter(logs, reach)
    deviation = np.sqrt(ndimage.gaussian_filter(logs * logs, reach))
    return (logs / (deviation + CONTRAST_FLOOR)).reshape(len(pictures), -1)


LOOKS: dict[str, Callable[[Array], Array]] = {"plain": plain, "photo": photo, "contrast": contrast}


def error_map(squares: Array, shape: Sequence[int], smoothing: float) -> Array:
    """Log of squared errors [n, values], mean over channels, smoothed: [n, height, width]."""
    squares = squares.reshape(shape).mean(-1)
    return np.log(
        ndimage.gaussian_filter(squares, (0, smoothing, smoothing), mode="nearest") + 1e-4
    )


# Views of a whole picture that need no map


def spectrum(pictures: Array) -> Array:
    """Log power of every spatial frequency."""
    grey = pictures.astype(np.float32).mean(-1) / 255
    grey = grey - grey.mean((1, 2), keepdims=True)
    power = np.abs(np.fft.rfft2(grey)) ** 2
    return np.log(power + 1e-3).reshape(len(pictures), -1).astype(np.float32)


def properties(pictures: Array) -> Array:
    """Brightness, contrast, change between neighbours and compressed size."""
    values = pictures.astype(np.float32) / 255
    change = sum(np.abs(np.diff(values, axis=axis)).mean((1, 2, 3)) for axis in (1, 2))
    packed = [len(zlib.compress(p.tobytes(), 6)) / p.size for p in pictures]
    return np.stack([values.mean((1, 2, 3)), values.std((1, 2, 3)), change, np.array(packed)], 1)


class Gaussian:
    """Squared Mahalanobis distance, its correlations shrunk by d / (d + n), at most a half."""

    def __init__(self, features: Array):
        self.mean, self.deviation = features.mean(0), features.std(0) + 1e-6
        z = (features - self.mean) / self.deviation
        n, d = z.shape
        share = min(0.5, d / (d + n)) if d > 10 else 1e-3
        self.precision = np.linalg.inv(
            (1 - share) * (z.T @ z) / n + share * np.eye(d, dtype=z.dtype)
        )

    def __call__(self, features: Array) -> Array:
        """Log squared distance of each row of features."""
        z = (features - self.mean) / self.deviation
        return np.log(((z @ self.precision) * z).sum(1) + 1e-6)


def neighbour_distance(known: Array, codes: Array) -> Array:
    """Mean distance to the nearest known codes."""
    squares = (codes**2).sum(1)[:, None] + (known**2).sum(1) - 2 * codes @ known.T
    count = min(NEIGHBOURS, len(known))
    nearest = np.partition(squares, count - 1, axis=1)[:, :count]
    return np.sqrt(np.maximum(nearest, 0)).mean(1)


# Pictures of one thing stay in one fold


def fingerprint(pictures: Array) -> Array:
    """Rows of length 1 whose products are correlations of local contrast."""
    rows = contrast(pictures)
    rows -= rows.mean(1, keepdims=True)
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6)


def near_copies(pictures: Array) -> Array:
    """A number per picture, equal for photos of one thing: their local contrast correlates."""
    rows = fingerprint(pictures)
    groups = connected_components(rows @ rows.T > NEAR_COPY, directed=False)[1]
    alike = np.bincount(groups).max() > LARGEST_GROUP * len(groups)  # as digits are: no copies
    return np.arange(len(groups)) if alike else groups


def fold_of(groups: Array, seed: int) -> Array:
    """A fold per picture: groups in random order, largest first, each to the emptiest fold."""
    sizes = np.bincount(groups)
    order = np.random.default_rng(seed).permutation(len(sizes))
    load, fold = np.zeros(FOLDS), np.zeros(len(sizes), dtype=int)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold[group] = load.argmin()
        load[fold[group]] += sizes[group]
    return fold[groups]


@dataclass
class Calibration:
    """Scores of left-out of normal pictures, and p-values by them with an exponential tail."""

    held: Array

    def p(self, scores: Array) -> Array:
        """p-values [picture] of scores."""
        held = np.sort(self.held)
        start = np.quantile(held, 1 - TAIL)
        scores = scores - 1e-5 * (1 + abs(start))  # rounding is no rank
        share = (1 + len(held) - np.searchsorted(held, scores)) / (len(held) + 1)
        beyond = held[held > start] - start
        scale = max(float(beyond.mean()) if len(beyond) else float(held.std()), 1e-6)
        tail = TAIL * np.exp(-np.maximum(scores - start, 0) / scale)
        return np.clip(np.where(scores > start, tail, share), 1e-30, 1.0)


class Views:
    """Maps and scores of pictures by models of one share of the normal pictures."""

    def __init__(self, pictures: Array):
        n, values = len(pictures), pictures[0].size
        rank = max(1, min(n // RANK_SHARE, max(RANK_LEAST, values // PIXELS_PER_RANK)))
        rows = {look: change(pictures) for look, change in LOOKS.items()}
        ranks = {"plain": rank, "photo": rank, "contrast": min(rank, RANK_LEAST)}
        self.members = {look: LinearModel(rows[look], ranks[look]) for look in rows}
        self.known = self.members["photo"].codes(rows["photo"])[:, :RANK_LEAST]
        self.fingerprints = fingerprint(pictures)
        self.spectrum = Gaussian(spectrum(pictures))
        self.properties = Gaussian(properties(pictures))

    def __call__(self, pictures: Array) -> dict[str, Array]:
        """Scores [picture] and maps [picture, height, width] by name."""
        rows = {look: change(pictures) for look, change in LOOKS.items()}
        squares = {
            look: (rows[look] - self.members[look].expected(rows[look])) ** 2 for look in rows
        }
        squares["denoised"] = (rows["photo"] - self.members["photo"].denoised(rows["photo"])) ** 2
        shape = pictures.shape
        views = {f"map {look}": error_map(squares[look], shape, SMOOTHING) for look in SCORE_MAPS}
        views |= {f"heat {look} {s}": error_map(squares[look], shape, s) for look, s in HEAT_PARTS}
        views["error"] = np.log(squares["photo"].mean(1) + 1e-6)
        codes = self.members["photo"].codes(rows["photo"])[:, :RANK_LEAST]
        views["neighbours"] = neighbour_distance(self.known, codes)
        views["unfamiliar"] = -(fingerprint(pictures) @ self.fingerprints.T).max(1)
        views["spectrum"] = self.spectrum(spectrum(pictures))
        views["properties"] = self.properties(properties(pictures))
        return views


class Detector:
    """Fits models, calibrates each score on normal pictures that they left out, combines them.

    Args:
        pictures: Normal pictures, uint8 [picture, height, width, channel].
        seed: Seed of the folds.
        groups: Number of the object that a picture shows, [picture]; None: near copies share one.
    """

    PARTS: ClassVar = {
        "whole": ("top plain", "error", "neighbours", "spectrum", "properties"),
        "local": ("max photo", "max plain"),
        "familiar": ("unfamiliar",),
    }

    def __init__(self, pictures: Array, seed: int = 0, groups: Array | None = None):
        fold = fold_of(near_copies(pictures) if groups is None else groups, seed)
        self.views, held = [], {}
        for j in range(FOLDS):
            self.views.append(Views(pictures[fold != j]))
            for name, values in self.views[-1](pictures[fold == j]).items():
                empty = np.empty((len(pictures), *values.shape[1:]), np.float32)
                held.setdefault(name, empty)[fold == j] = values
        self.places = {k: place_statistics(v) for k, v in held.items() if v.ndim == 3}
        self.held = self._summaries(held)
        self.calibrations = {k: Calibration(v) for k, v in self.held.items()}
        self.parts = [Calibration(part) for part in self._parts(self.held)]
        self.headline = Calibration(self._headline(self.held))

    def _mean_views(self, pictures: Array) -> dict[str, Array]:
        every = [views(pictures) for views in self.views]
        return {name: np.mean([v[name] for v in every], axis=0) for name in every[0]}

    def _summaries(self, views: dict[str, Array]) -> dict[str, Array]:
        scores = {k: v for k, v in views.items() if v.ndim == 1}
        for look in SCORE_MAPS:
            z = standardised(views[f"map {look}"], *self.places[f"map {look}"])
            z = z.reshape(len(z), -1)
            top = max(1, round(z.shape[1] * TOP_SHARE))
            scores[f"max {look}"] = z.max(1)
            scores[f"top {look}"] = np.partition(z, -top, axis=1)[:, -top:].mean(1)
        return scores

    def _fisher(self, scores: dict[str, Array], names: Sequence[str]) -> Array:
        return -sum(np.log(self.calibrations[k].p(scores[k])) for k in names)

    def _parts(self, scores: dict[str, Array]) -> list[Array]:
        return [self._fisher(scores, names) for names in self.PARTS.values()]

    def _headline(self, scores: dict[str, Array]) -> Array:
        parts = zip(self.parts, self._parts(scores), strict=True)
        return -sum(np.log(calibration.p(part)) for calibration, part in parts)

    def scores(self, pictures: Array) -> dict[str, Array]:
        """The headline and its three parts, [picture] each by name."""
        summaries = self._summaries(self._mean_views(pictures))
        parts = dict(zip(self.PARTS, self._parts(summaries), strict=True))
        return {"headline": self._headline(summaries), **parts}

    def score(self, pictures: Array) -> tuple[Array, Array]:
        """The headline and its p-value among normal pictures, [n] each."""
        headline = self._headline(self._summaries(self._mean_views(pictures)))
        return headline, self.headline.p(headline)

    def heat(self, pictures: Array) -> Array:
        """Maps [n, height, width] in deviations of normal pictures at the same place."""
        views = self._mean_views(pictures)
        heats = [k for k in views if k.startswith("heat")]
        return combine_heat([standardised(views[k], *self.places[k]) for k in heats])


def place_statistics(maps: Array) -> tuple[Array, Array]:
    """Mean and deviation over left-out normal maps at each place, both smoothed by a pixel."""
    mean = ndimage.gaussian_filter(maps.mean(0), 1.0, mode="nearest")
    square = ndimage.gaussian_filter((maps.astype(np.float64) ** 2).mean(0), 1.0, mode="nearest")
    return mean, np.sqrt(np.maximum(square - mean**2, 1e-6)).astype(np.float32)


def standardised(maps: Array, mean: Array, deviation: Array) -> Array:
    """Maps in deviations of normal pictures at each place."""
    return (maps - mean) / deviation


def combine_heat(parts: Sequence[Array]) -> Array:
    """Between the mean and the largest of standardised maps: a log of mean exponentials."""
    stack = np.stack(parts) * HEAT_SHARPNESS
    highest = stack.max(0)
    return (highest + np.log(np.exp(stack - highest).mean(0))) / HEAT_SHARPNESS
