"""The report in Markdown: claims, figures beside published figures, commands and times."""

from collections.abc import Iterable, Mapping, Sequence

from scripts.reproduction.claims import answers
from scripts.reproduction.experiments import EXPERIMENTS, Finished
from scripts.reproduction.figures import (
    HERE,
    PROTOCOL,
    Line,
    auroc_lines,
    credit_card_lines,
    fraud_share,
)

IMAGES = tuple(name for name in EXPERIMENTS if name.endswith(("mnist", "cifar10")))
TABLES = ("credit", "credit_flow")
TITLE = "# Results"
VERDICTS = (
    "A verdict is about the runs above, with their preset and seed: `--preset=fast` trains the VAEs"
    " of 2018 for fewer steps and on fewer images, and smaller WGANs for fewer steps."
)


def report_text(experiments: Mapping[str, Finished]) -> str:
    """The whole report.

    Args:
        experiments: Experiments that have been run, by their key in EXPERIMENTS.
    """
    parts = [TITLE, _origin(experiments)]
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
            parts += [f"## {name}", f"```text\n{finished.record['printed'].rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


def table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _auroc_table(lines: Sequence[Line]) -> str:
    """Table with a row for each line; the highest of our figures in each column is bold."""
    sets = list(dict.fromkeys(name for line in lines for name in line.cells))
    best = {name: max(_our_auroc(line, name) for line in lines) for name in sets}

    def cell(line: Line, name: str) -> str:
        text = line.cells.get(name, "")
        return f"**{text}**" if 0 <= _our_auroc(line, name) == best[name] else text

    rows = ([line.method, line.source, *(cell(line, name) for name in sets)] for line in lines)
    return table(("AUROC of", "source", *sets), rows)


def _our_auroc(line: Line, name: str) -> float:
    """Number in a cell, without its interval; -1 where it is not ours or missing."""
    is_ours = line.source == HERE and name in line.cells
    return float(line.cells[name].split()[0]) if is_ours else -1.0


def _origin(experiments: Mapping[str, Finished]) -> str:
    """Commands, commits, devices, times, and the machines."""
    rows, machines = [], {}
    for name, (record, _) in experiments.items():
        command = f"`python {' '.join(record['command'])}`"
        commit = (record["commit"] or "unknown")[:12]
        rows.append((name, command, commit, record["device"], f"{record['seconds'] / 60:.1f}"))
        versions = ", ".join(f"{package} {v}" for package, v in record["versions"].items())
        machines.setdefault(f"{record['machine']}, with {versions}", []).append(name)
    commands = table(("experiment", "command", "commit", "device", "minutes"), rows)
    run_on = (f"- {', '.join(names)}: {machine}" for machine, names in machines.items())
    return "\n".join([commands, "", *run_on])
