"""The report in Markdown: claims, figures beside the published ones, commands and times."""

from collections.abc import Iterable, Mapping, Sequence

from scripts.reproduction.claims import answers
from scripts.reproduction.experiments import EXPERIMENTS, Finished
from scripts.reproduction.figures import (
    PROTOCOL,
    Line,
    auroc_lines,
    credit_card_lines,
)
from tools.run.folder import RunFolder

IMAGES = tuple(name for name in EXPERIMENTS if name.endswith(("mnist", "cifar10")))
TABLES = ("credit", "credit_flow")


def report_text(experiments: Mapping[str, Finished]) -> str:
    """The whole report.

    Args:
        experiments: Those that have been run, by their key in EXPERIMENTS.
    """
    parts = ["# Results", _origin(experiments)]
    parts += ["## Claims of 2018", table(("claim", "verdict", "how we know"), answers(experiments))]
    for name in IMAGES:
        if name in experiments:
            parts += [f"## {name}", PROTOCOL, _auroc_table(auroc_lines(name, experiments[name]))]
    if any(name in experiments for name in TABLES):
        columns = ("method", "protocol", "AUROC", "average precision")
        parts += ["## Credit-card fraud", table(columns, credit_card_lines(experiments))]
        parts += [
            "An average precision is one at the share of frauds that was tested: ours .345 %."
        ]
    for name, finished in experiments.items():
        if name not in (*IMAGES, *TABLES):
            parts += [f"## {name}", f"```text\n{finished.record['printed'].rstrip()}\n```"]
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
    """Commands, commits, devices and times."""
    rows = []
    for name, (folder, record) in experiments.items():
        manifest = RunFolder(folder).manifest()
        command = f"`python {' '.join(record['command'])}`"
        seconds = sum(manifest.get("timings", {}).values()) or record["seconds"]
        commit = (record["commit"] or "unknown")[:12]
        rows.append((name, command, commit, manifest.get("device", ""), f"{seconds / 60:.1f}"))
    return table(("experiment", "command", "commit", "device", "minutes"), rows)
