"""The course of the members' training, as they recorded it."""

from tools.analysis.section import Section
from tools.report.blocks import Gallery, Plot
from tools.report.plots import training_history
from tools.scores.detection import DetectionTable
from tools.scores.finished_run import read_histories


def section(table: DetectionTable) -> Section:
    """Curves of all recorded quantities, a line per member.

    Raises:
        InputError: A training history is damaged.
    """
    histories = read_histories(table.run)
    if not histories:
        return Section("Training")
    first = next(iter(histories.values()))
    last = ", ".join(f"{name} {value:g}" for name, value in first[-1].items())
    plot = Plot(
        name="training_history",
        png=training_history(histories),
        caption="Training of the members, as recorded in their history.jsonl. Curves that are still"
        " steep at the end ask for more steps.",
        alt=f"Curves of training, a line per member. Last record of the first: {last}.",
    )
    return Section("Training", [Gallery([plot])])
