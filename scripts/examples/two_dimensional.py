"""Ensembles of flows and of WGANs in two dimensions, where all of their output can be plotted.

python scripts/examples/two_dimensional.py

Fits the flow that is the VAEs' prior, and WGANs, to two mixtures of normals, and writes maps of the
density, of the critic, and of the variances over the members to --output: far from the data a
density is low and the members disagree, a critic can be anything and its members disagree more.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from scripts.script_start import run_script, script_parser
from tools.run.seeds import child_seed
from tools.scores.metrics import detection_metrics

SIDE, PIXELS = 3.0, 120  # the maps show [-SIDE, SIDE] in both directions
POINTS, TEST_POINTS = 20_000, 1000


class Maps(NamedTuple):
    """Output of an ensemble at each place, and how well it tells test points from uniform points.

    Attributes:
        title: Name of the ensemble.
        mean: Mean log density or logit over members [row, column], higher = more normal.
        deviation: Standard deviation over members [row, column].
        aurocs: {statistic: AUROC}, uniform points positive.
    """

    title: str
    mean: np.ndarray
    deviation: np.ndarray
    aurocs: dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the example; returns the exit status."""
    parser = script_parser(__doc__)
    parser.add_argument(
        "--members", type=int, default=3, help="members of an ensemble; default: %(default)s"
    )
    parser.add_argument("--flow_steps", type=int, default=800, help="training steps of a flow")
    parser.add_argument("--wgan_steps", type=int, default=1000, help="updates of a generator")
    parser.add_argument(
        "--output", type=Path, default=Path("runs/examples"), help="folder; default: %(default)s"
    )
    return run_script(parser, _tell, arguments)


def _tell(options: argparse.Namespace) -> None:
    from scripts.examples.two_dimensional_models import PointFlow, PointWGAN  # load TensorFlow

    options.output.mkdir(parents=True, exist_ok=True)
    models = {
        "flows: log density": PointFlow(options.flow_steps),
        "WGANs: critic": PointWGAN(options.wgan_steps),
    }
    for name, (centres, width) in mixtures().items():
        points = draw(centres, width, POINTS, child_seed(options.seed, name, "training"))
        test = draw(centres, width, TEST_POINTS, child_seed(options.seed, name, "test"))
        places = np.concatenate([map_places(), test])
        maps = []
        for title, model in models.items():
            seeds = (child_seed(options.seed, name, title, k) for k in range(options.members))
            values = np.stack([model.values(points, places, seed) for seed in seeds])
            maps.append(maps_of(title, values))
        path = options.output / f"two_dimensional_{name}.png"
        draw_maps(points[:1000], maps).savefig(path)
        sys.stdout.write(f"{name}: {path}\n{maps_text(maps)}")


def mixtures() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """{name: centres [component, 2], standard deviations [component]} of equal components."""
    angles = 2 * np.pi * np.arange(8) / 8
    ring = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    three = np.array([[-1.5, -1.0], [1.5, -1.0], [0.0, 1.5]])
    return {
        "ring": (ring, np.full(8, 0.15)),
        "three": (three, np.array([0.15, 0.3, 0.6])),
    }


def draw(centres: np.ndarray, width: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Points of a mixture, float32 [point, 2]."""
    rng = np.random.default_rng(seed)
    component = rng.integers(len(centres), size=count)
    noise = rng.standard_normal((count, 2)) * width[component, np.newaxis]
    return (centres[component] + noise).astype(np.float32)


def map_places() -> np.ndarray:
    """The places of the map, row by row: float32 [PIXELS**2, 2]."""
    line = np.linspace(-SIDE, SIDE, PIXELS, dtype=np.float32)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def maps_of(title: str, values: np.ndarray) -> Maps:
    """The maps of an ensemble.

    Args:
        title: Name of the ensemble.
        values: Values of members [member, place] at the map's places, followed by points of the
            mixture that no member has seen; higher = more normal.
    """
    uniform, inside = np.split(values, [PIXELS**2], axis=1)
    statistics = {
        "mean": lambda part: -part.mean(axis=0),
        "variance": lambda part: part.var(axis=0),
    }
    aurocs = {
        name: detection_metrics(
            statistic(inside), statistic(uniform), in_distribution="mixture", dataset="uniform"
        ).auroc
        for name, statistic in statistics.items()
    }
    shape = (PIXELS, PIXELS)
    return Maps(
        title, uniform.mean(axis=0).reshape(shape), uniform.std(axis=0).reshape(shape), aurocs
    )


def maps_text(maps: Sequence[Maps]) -> str:
    """A line per ensemble."""
    return "".join(
        f"  {one.title:20} AUROC against uniform points: mean {one.aurocs['mean']:.3f},"
        f" variance {one.aurocs['variance']:.3f}\n"
        for one in maps
    )


def draw_maps(points: np.ndarray, maps: Sequence[Maps]) -> Figure:
    """A row for each ensemble: the points, the mean, and the deviation over members."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    grid = figure.subplots(len(maps), 3)
    extent = (-SIDE, SIDE, -SIDE, SIDE)
    for row, one in zip(grid, maps, strict=True):
        row[0].scatter(*points.T, s=2, color="black")
        row[0].set(title="data", xlim=extent[:2], ylim=extent[2:], aspect="equal")
        for axes, values, title in (
            (row[1], one.mean, one.title),
            (row[2], one.deviation, "deviation over members"),
        ):
            low, high = _colour_range(values) if axes is row[1] else np.quantile(values, [0, 0.8])
            image = axes.imshow(
                values, origin="lower", extent=extent, vmin=low, vmax=high, cmap="cividis"
            )
            axes.set_title(title)
            figure.colorbar(image, ax=axes, shrink=0.8)
    return figure


def _colour_range(values: np.ndarray) -> tuple[float, float]:
    """Range of at most ten nats; the far corners would otherwise take up all colours."""
    return max(float(np.quantile(values, 0.2)), float(values.max()) - 10), float(values.max())


if __name__ == "__main__":
    sys.exit(main())
