"""Exports a finished run as a SavedModel that scores raw pictures or rows without this package.

python -m anomaly.export runs/mnist --output=model/
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from anomaly.run_command import run_command, run_parser
from tools.run.run_folder import RunFolder


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `python -m anomaly.export`; returns the exit code."""
    parser = run_parser("anomaly.export", __doc__)
    parser.add_argument("--output", required=True, help="folder to write")
    parser.add_argument("--score", default="", help="key of the score (the one that flags)")
    parser.add_argument("--overwrite", action="store_true", help="replaces another folder")
    return run_command("anomaly.export", parser.parse_args(argv), _export)


def _export(values: argparse.Namespace) -> None:
    from anomaly.exporting.saved_score import export_run  # here: it loads TensorFlow

    folder, output = RunFolder(values.run), Path(values.output)
    # It would list the hundreds of names that it changes in a graph.
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    difference = export_run(
        folder,
        output,
        score=values.score,
        target_fpr=values.target_fpr,
        overwrite=values.overwrite,
    )
    logging.info("%s: scores differ from the run's by at most %.1g (relative)", output, difference)


if __name__ == "__main__":
    sys.exit(main())
