"""OutlierVAE on CIFAR-10: the more of an image is noise, the higher its outlier score.

python scripts/examples/outlier_vae.py --fast

Masks images with patches of noise of growing size, prints the mean score per size, and writes the
plots of instance scores, of scores against size, and of scores per pixel to --output.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from scripts.script_start import example_parser, run_script
from tools.data.corruptions.masks import apply_mask
from tools.data.images.image_registry import load_images
from tools.report.detector_plots import draw_feature_outliers, draw_instance_score
from tools.run.seeds import child_seed

MASK_SIZES = tuple(range(2, 21, 2))  # sides in pixels
N_IMAGES, N_MASKS = 50, 20
LOOKED_AT = 8  # the image whose scores are shown per pixel
PERCENTAGES = (20, 40, 60, 80, 100)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the example; returns the exit status."""
    return run_script(example_parser(__doc__), _tell, arguments)


def _tell(options: argparse.Namespace) -> None:
    from scripts.zoo_recipes import fetch_or_train  # here: a wrong flag need not wait for this

    images = load_images("cifar10", "train", options.data_dir).examples[:500]
    detector = fetch_or_train("OutlierVAE", "cifar10", options)
    options.output.mkdir(parents=True, exist_ok=True)
    show_normal_images(detector, images, options.output)
    scores = mask_scores(detector, images[:N_IMAGES], N_MASKS, options.seed)
    show_mask_scores(scores, options.output)
    show_growing_mask(detector, images[LOOKED_AT], options)
    before = detector.threshold
    detector.infer_threshold(images, threshold_perc=99)  # one in a hundred is taken as an outlier
    sys.stdout.write(
        f"{scores_text(scores.mean(axis=0))}\n"
        f"The threshold is {before}; {detector.threshold:.5f} would let 99 % of the images pass.\n"
        f"The plots are in {options.output}\n"
    )


def scores_text(means: np.ndarray) -> str:
    """A table of the mean scores [1 + size], and what it shows."""
    lines = ["mask size   mean outlier score"]
    lines += [
        f"{size:9d}   {score:.5f}" for size, score in zip((0, *MASK_SIZES), means, strict=True)
    ]
    rises = int((np.diff(means) > 0).sum())
    lines.append(f"The score rises at {rises} of {len(MASK_SIZES)} steps to a larger mask.")
    return "\n".join(lines)


def mask_scores(detector: Any, images: np.ndarray, n_masks: int, seed: int) -> np.ndarray:
    """Mean instance score per image and mask size, size 0 first: [image, 1 + size]."""
    columns = [instance_scores(detector, images)]
    for size in MASK_SIZES:
        masked, _ = apply_mask(
            images, (size, size), n_masks, mask_type="normal", seed=child_seed(seed, "mask", size)
        )
        scores = instance_scores(detector, masked)
        columns.append(scores.reshape(len(images), n_masks).mean(axis=1))
    return np.stack(columns, axis=1)


def instance_scores(detector: Any, images: np.ndarray, outlier_perc: float = 100) -> np.ndarray:
    """Instance scores [image]."""
    return detector.predict(images, outlier_perc=outlier_perc)["data"]["instance_score"]


def show_normal_images(detector: Any, images: np.ndarray, output: Path) -> None:
    """Plots the scores of unchanged images, and of four of them per pixel."""
    predictions = detector.predict(images, outlier_type="instance")
    figure = Figure(figsize=(8, 4), layout="constrained")
    target = np.zeros(len(images), int)
    draw_instance_score(figure, predictions, target, ["normal", "outlier"], detector.threshold)
    figure.savefig(output / "instance_scores.png")
    figure = Figure(figsize=(10, 8), layout="constrained")
    rows = [row for row in (8, 60, 100, 330) if row < len(images)]
    reconstructions = detector.vae(images).numpy()
    draw_feature_outliers(figure, predictions, images, reconstructions, rows=rows)
    figure.savefig(output / "feature_scores.png")


def show_mask_scores(scores: np.ndarray, output: Path) -> None:
    """Plots the scores [image, 1 + size] against the size: each image, their mean, and one."""
    every = {str(row): line for row, line in enumerate(scores)}
    save_lines(output / "scores_all_images.png", every, "Score of each image", legend=False)
    save_lines(output / "scores_mean.png", {"mean": scores.mean(axis=0)}, "Mean score")
    row = min(LOOKED_AT, len(scores) - 1)
    save_lines(output / "scores_one_image.png", {str(row): scores[row]}, f"Score of image {row}")


def show_growing_mask(detector: Any, image: np.ndarray, options: argparse.Namespace) -> None:
    """Plots one image under each mask per pixel, and its score from parts of the pixels."""
    series = [image[np.newaxis]]
    for size in MASK_SIZES:
        seed = child_seed(options.seed, "shown mask", size)
        series.append(apply_mask(series[0], (size, size), mask_type="normal", seed=seed)[0])
    masked = np.concatenate(series)
    figure = Figure(figsize=(10, 20), layout="constrained")
    draw_feature_outliers(
        figure,
        detector.predict(masked),
        masked,
        detector.vae(masked).numpy(),
        rows=range(len(masked)),
    )
    figure.savefig(options.output / "growing_mask.png")
    lines = {
        f"{percentage} % of the pixels": instance_scores(detector, masked, percentage)
        for percentage in PERCENTAGES
    }
    save_lines(options.output / "scores_outlier_perc.png", lines, "Score from the highest pixels")


def save_lines(
    path: Path, lines: Mapping[str, np.ndarray], title: str, *, legend: bool = True
) -> None:
    """Writes a plot of scores [1 + size] against the mask size, a line per name."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, scores in lines.items():
        axes.plot((0, *MASK_SIZES), scores, label=name)
    axes.set(title=title, xlabel="mask size", ylabel="outlier score", xticks=(0, *MASK_SIZES))
    if legend:
        axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
