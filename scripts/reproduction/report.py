"""The report in Markdown: claims, figures beside the published ones, commands and times."""

from collections.abc import Iterable, Mapping, Sequence

from scripts.benchmarks.figure import machine
from scripts.reproduction.claims import answers
from scripts.reproduction.experiments import EXPERIMENTS, Finished
from scripts.reproduction.figures import (
    PROTOCOL,
    Line,
    auroc_lines,
    credit_card_lines,
    fraud_share,
)
from tools.run.folder import RunFolder, package_versions

IMAGES = tuple(name for name in EXPERIMENTS if name.endswith(("mnist", "cifar10")))
TABLES = ("credit", "credit_flow")
VERDICTS = (
    "A verdict is about the runs above, with their preset and seed: `--preset=fast` trains the VAEs"
    " of 2018 for fewer steps and on fewer images, and smaller WGANs for fewer steps."
)
FOLDERS = ("--model_dir=", "--data_dir=", "--output=")  # say nothing on another machine


def report_text(experiments: Mapping[str, Finished]) -> str:
    """The whole report.

    Args:
        experiments: Those that have been run, by their key in EXPERIMENTS.
    """
    parts = ["# Results", _origin(experiments)]
    parts += ["## Claims of 2018", VERDICTS]
    parts += [table(("claim", "verdict", "how we know"), answers(experiments))]
    for name in IMAGES:
        if name in experiments:
            parts += [f"## {name}", PROTOCOL, _auroc_table(auroc_lines(name, experiments[name]))]
    if any(name in experiments for name in TABLES):
        columns = ("method", "protocol", "AUROC", "average precision")
        tested = next(experiments[name] for name in TABLES if name in experiments)
        share = f"{fraud_share(tested):.3%}"
        parts += ["## Credit-card fraud", table(columns, credit_card_lines(experiments))]
        parts += [f"An average precision is one at the share of frauds tested, here {share}."]
    for name, finished in experiments.items():
        if name not in (*IMAGES, *TABLES):
            printed = finished.record["printed"].replace(f"{finished.folder}", "FOLDER").rstrip()
            parts += [f"## {name}", f"```text\n{printed}\n```"]
    return "\n\n".join(parts) + "\n"


def table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _auroc_table(lines: Sequence[Line]) -> str:
    sets = list(dict.fromkeys(name for line in lines for name in line.cells))
    cells = ([line.method, line.source, *(line.cells.get(x, "") for x in sets)] for line in lines)
    return table(("AUROC of", "source", *sets), cells)


def _origin(experiments: Mapping[str, Finished]) -> str:
    """Commands, commits, devices, times, and the machine."""
    rows = []
    for name, (folder, record) in experiments.items():
        # A run of several splits has one manifest each.
        runs = (RunFolder(part) for part in (folder, folder / "split-0"))
        device = next((run.manifest()["device"] for run in runs if run.manifest()), "")
        flags = (part for part in record["command"] if not part.startswith(FOLDERS))
        command = f"`python {' '.join(flags)}`"
        commit = (record["commit"] or "unknown")[:12]
        rows.append((name, command, commit, device, f"{record['seconds'] / 60:.1f}"))
    versions = ", ".join(f"{name} {version}" for name, version in package_versions().items())
    commands = table(("experiment", "command", "commit", "device", "minutes"), rows)
    return f"{commands}\n\nWritten on {machine()}, with {versions}."
