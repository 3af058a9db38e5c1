"""Throws damaged files at every reader: each is read, or refused in one line that names the file.

python scripts/fuzz.py                                    10,000 files for each reader, minutes
python scripts/fuzz.py --mutants=300 --readers=npz,csv
python scripts/fuzz.py --mutants=50 --reports             the analysis of whole run folders, slow

Writes a line per reader: how many files were read and refused, and the faults. Those are left as
FAULTS/READER-NUMBER, and the exit status is 1.
"""

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TQDM_DISABLE": "1"}  # before these are imported

from scripts.fuzzing.data_targets import data_targets
from scripts.fuzzing.run_targets import report_targets, run_targets
from scripts.fuzzing.trial import Fault, Target, try_mutants


def main(arguments: Sequence[str] | None = None) -> int:
    """Tries all readers or those named; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mutants", type=int, default=10_000, help="damaged files for each reader")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the random damage; default: %(default)s"
    )
    parser.add_argument(
        "--readers", default="", help="names of readers, separated by commas; default: all"
    )
    parser.add_argument(
        "--reports", action="store_true", help="damage runs and make their reports instead"
    )
    parser.add_argument(
        "--faults",
        type=Path,
        default=Path("runs/fuzz"),
        help="folder for files that caused a fault; default: %(default)s",
    )
    options = parser.parse_args(arguments)
    logging.disable()  # every refused download would be logged
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if options.reports:
            targets = report_targets(folder)
        else:
            targets = data_targets(folder) | run_targets(folder)
        chosen = options.readers.split(",") if options.readers else targets
        if unknown := set(chosen) - targets.keys():
            parser.error(f"--readers={','.join(sorted(unknown))}: known are {', '.join(targets)}")
        return _try({name: targets[name] for name in chosen}, options)


def _try(targets: Mapping[str, Target], options: argparse.Namespace) -> int:
    status = 0
    for name, target in targets.items():
        outcome = try_mutants(target, options.mutants, options.seed)
        sys.stdout.write(f"{name}: {outcome.read} read, {outcome.refused} refused\n")
        for number, fault in enumerate(outcome.faults):
            _keep(options.faults / f"{name}-{number}", fault)
            status = 1
        sys.stdout.flush()
    return status


def _keep(path: Path, fault: Fault) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(fault.content)
    sys.stdout.write(f"  {path}: {fault.error[:300]}\n")


if __name__ == "__main__":
    sys.exit(main())
