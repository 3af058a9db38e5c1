"""Time and memory of the detectors, against alibi-detect with the same networks and images.

Both libraries run in processes of their own that take turns. Fit is one epoch of a new detector on
2,000 images of CIFAR-10, what it compiles included; predict asks the last fitted one for as many,
and compiles in its first round only, which the median of three rounds leaves out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from scripts.benchmarks.figure import Figure, interleaved_medians
from scripts.benchmarks.peer_environment import PEER, PEER_VERSION, peer_python
from tools.data.images.image_registry import load_images
from tools.errors import InputError

DETECTORS = ("OutlierVAE", "AdversarialAE", "ModelDistillation")
TIMED_IMAGES, MANY_IMAGES = 2_000, 10_000
WORKER = Path(__file__).with_name("detector_worker.py")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument(
        "--peer_python",
        help=f"Python that has {PEER} {PEER_VERSION}; default: an environment in the user's cache, "
        "made when missing",
    )
    parser.add_argument("--images", type=int, default=TIMED_IMAGES, help="default: %(default)s")
    parser.add_argument(
        "--detectors", nargs="+", choices=DETECTORS, default=DETECTORS, help="default: all"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Times of fit and predict in both libraries, and how much memory predict takes in ours."""
    images = load_images("cifar10", "train", options.data_dir).examples[:MANY_IMAGES]
    peer = peer_python(options.peer_python)
    with tempfile.TemporaryDirectory() as folder:
        paths = {count: Path(folder) / f"{count}.npy" for count in (options.images, len(images))}
        for count, path in paths.items():
            np.save(path, images[:count])
        timed = paths[options.images]
        with (
            Worker.started(sys.executable, "anomaly", timed) as ours,
            Worker.started(peer, "alibi_detect", timed) as theirs,
        ):
            yield from _times(ours, theirs, options)
        for name in options.detectors:
            yield _memory(name, paths[len(images)], options.images, len(images))


class Worker:
    """A process that fits and predicts with one library; see detector_worker.py."""

    def __init__(self, process: subprocess.Popen):
        """Takes the running process."""
        self._process = process

    @classmethod
    @contextmanager
    def started(cls, python: str, library: str, images: Path) -> Iterator["Worker"]:
        """A worker that ends with the block."""
        with subprocess.Popen(
            [python, str(WORKER), library, str(images)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            text=True,
        ) as process:
            yield cls(process)  # closing its standard input ends the process

    def ask(self, request: str, key: str = "seconds") -> float:
        """Sends a request and returns one number of the answer."""
        self._process.stdin.write(f"{request}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith('{"seconds"'):  # libraries may print other lines
                return json.loads(line)[key]
        raise InputError(f"{' '.join(self._process.args)} ended at {request!r}; see above")


def _times(ours: Worker, theirs: Worker, options: argparse.Namespace) -> Iterator[Figure]:
    for name in options.detectors:
        for action in ("fit", "predict"):
            request = f"{action} {name} {options.images}"
            medians = interleaved_medians(
                {"ours": partial(ours.ask, request), "theirs": partial(theirs.ask, request)},
                options.repeats,
            )
            yield Figure(
                f"detectors.{name}.{action}",
                medians["ours"],
                f"s for {options.images} images",
                ratio=medians["theirs"] / medians["ours"],
                yardstick=f"{PEER} {PEER_VERSION}: {medians['theirs']:.3f} s",
            )


def _memory(name: str, images: Path, few: int, many: int) -> Figure:
    """Peak memory of predict on few and many images; without chunks it would grow."""
    peaks = {}
    for count in (few, many):  # in new processes: the highest memory never falls
        with Worker.started(sys.executable, "anomaly", images) as worker:
            peaks[count] = worker.ask(f"predict {name} {count}", "peak_bytes")
    return Figure(
        f"detectors.{name}.predict_memory",
        peaks[many] / 2**20,
        f"MiB at most for {many} images, which are in memory too",
        ratio=peaks[few] / peaks[many],
        yardstick=f"{few} of them: {peaks[few] / 2**20:.0f} MiB",
    )
