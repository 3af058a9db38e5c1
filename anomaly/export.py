"""Exports a finished run as a SavedModel that scores raw pictures or rows without this package.

python -m anomaly.export runs/mnist --output=model/
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.errors import InputError
from tools.run.run_folder import RunFolder
from tools.run.tensorflow_notes import silence_tensorflow


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of `python -m anomaly.export`; returns the exit code."""
    parser = argparse.ArgumentParser("anomaly.export", description=__doc__.splitlines()[0])
    parser.add_argument("run", help="folder of a finished run")
    parser.add_argument("--output", required=True, help="folder to write")
    parser.add_argument(
        "--target_fpr", type=float, help="share of normal examples to flag at most (the run's)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replaces another folder")
    values = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    silence_tensorflow()
    try:
        if values.target_fpr is not None and not 0 < values.target_fpr < 1:
            raise InputError(f"--target_fpr={values.target_fpr}: must be above 0 and below 1")
        folder, output = RunFolder(values.run), Path(values.output)
        folder.manifest()  # before TensorFlow is loaded
        from anomaly.exporting.saved_score import export_run

        difference = export_run(
            folder, output, target_fpr=values.target_fpr, overwrite=values.overwrite
        )
    except InputError as error:
        sys.stderr.write(f"anomaly.export: {' '.join(str(error).split())}\n")
        return 2
    logging.info("%s: scores differ from the run's by at most %.1g (relative)", output, difference)
    return 0


if __name__ == "__main__":
    sys.exit(main())
