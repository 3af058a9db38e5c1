"""Runs the experiments behind the project's claims and prints their figures.

python scripts/reproduce.py pairs

pairs: ensembles of VAEs on MNIST and on Fashion-MNIST, tested on all other sets, and one matrix of
AUROCs: a row for each score, a column for each pair of training and test set. A run that was
stopped goes on; a finished one is used as it is. Further flags are those of vae_wgan/vae_run.py.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.script_start import run_script, script_parser
from tools.errors import InputError
from tools.report.lines import aligned, csv_lines, fixed
from tools.report.tables import score_name
from tools.run.folder import RunFolder
from tools.run.whole_files import write_text
from tools.scores.detection import DetectionRow
from tools.scores.ranking import RankedScore, ranking

VAE_RUN = Path(__file__).resolve().parents[1] / "vae_wgan" / "vae_run.py"
NOISE = "_noise"  # these sets have no column in print: all good scores reach 1 there
Pair = tuple[str, str]  # training set, test set


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one experiment; returns the exit status."""
    parser = script_parser(__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    pairs = parts.add_parser("pairs", help="MNIST and Fashion-MNIST, both ways")
    pairs.add_argument("--runs", type=Path, default=Path("runs/pairs"), help="folder of the runs")
    pairs.add_argument(
        "--train_datasets", default="mnist,fashion_mnist", help="with commas between"
    )
    pairs.add_argument("flags", nargs="*", help="after --: flags of vae_run.py")
    return run_script(parser, _pairs, arguments)


def _pairs(options: argparse.Namespace) -> None:
    names = options.train_datasets.split(",")
    folders = {name: options.runs / name for name in names}
    for name, folder in folders.items():
        command = [sys.executable, str(VAE_RUN), *options.flags]
        command += [f"--train_dataset={name}", f"--model_dir={folder}"]
        command += [f"--data_dir={options.data_dir}", f"--seed={options.seed}"]
        if subprocess.run(command, check=False).returncode:
            raise InputError(f"the run on {name} has failed; what it says stands above")
    rows = [row for folder in folders.values() for row in read_rows(folder)]
    costs = RunFolder(folders[names[0]]).manifest().get("costs", {})
    scores = ranking(rows, costs, column=pair_of)
    write_text(options.runs / "pairs.csv", pairs_csv(scores))
    sys.stdout.write(f"\n{printed_pairs(scores)}Table: {options.runs / 'pairs.csv'}\n")


def read_rows(folder: Path) -> list[DetectionRow]:
    """The rows of a run's metrics.json, unrounded."""
    metrics = json.loads((folder / "analysis" / "metrics.json").read_text("utf-8"))
    return [DetectionRow(**row) for row in metrics["rows"]]


def pair_of(row: DetectionRow) -> Pair:
    """The column of a row."""
    return row.train_dataset, row.dataset


def printed_pairs(scores: Sequence[RankedScore]) -> str:
    """The matrix as text; ends with a newline.

    Args:
        scores: With their rows by pair of training and test set.
    """
    pairs = [pair for pair in _all_pairs(scores) if not pair[1].endswith(NOISE)]
    lines = [("trained on", "", "", *(train for train, _ in pairs))]
    lines.append(("tested on", "worst", "s/1000", *(test for _, test in pairs)))
    for score in scores:
        seconds = "" if score.seconds is None else f"{score.seconds:.1f}"
        aurocs = (fixed(score.rows[pair].auroc) if pair in score.rows else "" for pair in pairs)
        name = score_name(score.score, score.statistic)
        lines.append((name, fixed(score.worst.auroc), seconds, *aurocs))
    best = scores[0]
    where = f"{fixed(best.worst.auroc)} on {best.worst.dataset} after {best.worst.train_dataset}"
    verdict = f"Highest worst AUROC, flips apart: {score_name(best.score, best.statistic)}, {where}"
    return f"{verdict}\n{aligned(lines, left_columns=1)}"


def pairs_csv(scores: Sequence[RankedScore]) -> str:
    """A line per score; a column for each pair, noise too, named TRAINING_SET/TEST_SET."""
    pairs = _all_pairs(scores)
    columns = ("score", "statistic", "worst", *map("/".join, pairs))
    lines = (
        (
            score.score,
            score.statistic,
            score.worst.auroc,
            *(score.rows[pair].auroc if pair in score.rows else None for pair in pairs),
        )
        for score in scores
    )
    return csv_lines(columns, lines)


def _all_pairs(scores: Sequence[RankedScore]) -> list[Pair]:
    return list(dict.fromkeys(pair for score in scores for pair in score.rows))


if __name__ == "__main__":
    sys.exit(main())
