"""Start of the scripts: their common flags, messages and exit codes."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.errors import InputError
from tools.run.options import default_data_dir
from tools.run.tensorflow_notes import silence_tensorflow


def script_parser(description: str) -> argparse.ArgumentParser:
    """A parser with the flags that all scripts have."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data_dir",
        default=default_data_dir(),
        help="folder of the data sets' files; missing ones are downloaded to it",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="root seed of all random draws; default: %(default)s"
    )
    return parser


def example_parser(description: str) -> argparse.ArgumentParser:
    """A parser with the flags that all examples have."""
    parser = script_parser(description)
    parser.add_argument(
        "--fast", action="store_true", help="narrow networks and few epochs, for two cores"
    )
    parser.add_argument(
        "--zoo",
        default=os.environ.get("WAIC_ZOO"),
        help="zoo to fetch the detector from; default: $WAIC_ZOO, else the detector is trained",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("runs/examples"), help="folder; default: %(default)s"
    )
    return parser


def run_script(
    parser: argparse.ArgumentParser,
    story: Callable[[argparse.Namespace], None],
    arguments: Sequence[str] | None,
) -> int:
    """Runs the story with the flags; exit status 0, or 2 with one line on bad input."""
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    silence_tensorflow()
    try:
        story(options)
    except InputError as error:
        sys.stderr.write(f"{parser.prog}: {' '.join(str(error).split())}\n")
        return 2
    return 0
