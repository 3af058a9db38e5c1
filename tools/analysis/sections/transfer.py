"""Transfer of an attack: whether images attacked on one member look normal to the others."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.analysis.section import Section
from tools.report.blocks import Table
from tools.report.text_lines import fixed, rows_csv
from tools.scores.detection import DetectionTable
from tools.scores.ensemble_statistics import as_log_likelihoods, headline_score
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import auroc

ATTACKED = 0  # the member whose gradient was followed


@dataclass(frozen=True)
class TransferRow:
    """One set before and after, fields in the order of transfer.csv.

    Attributes:
        dataset: The set before.
        score: Score key, turned so that higher = more normal.
        member: Number of the member.
        attacked: Whether this member was attacked.
        before: Mean score of the set.
        after: Mean score of the set after.
        auroc_before: AUROC of the set against the test images, the set positive.
        auroc_after: AUROC of the set after.
    """

    dataset: str
    score: str
    member: int
    attacked: bool
    before: float
    after: float
    auroc_before: float
    auroc_after: float


def section(table: DetectionTable) -> Section:
    """A row per attacked set and member, of the members' score that was named."""
    keys = table.member_keys
    rows = list(transfer_rows(table.run, headline_score(keys))) if keys else []
    if not rows:
        return Section("Attacks", files={"transfer.csv": ""})
    return Section("Attacks", [transfer_table(rows)], files={"transfer.csv": rows_csv(rows)})


def transfer_table(rows: list[TransferRow]) -> Table:
    """The rows for the report; at least one."""
    return Table(
        f"{rows[0].score} of inputs before and after they were made more normal by the gradient of"
        " one member; AUROC against the test images. Where the others are not deceived, their"
        " disagreement gives the attack away.",
        ("set", "member", "mean before", "mean after", "AUROC before", "AUROC after"),
        [
            [
                row.dataset,
                f"{row.member}, attacked" if row.attacked else str(row.member),
                f"{row.before:.1f}",
                f"{row.after:.1f}",
                fixed(row.auroc_before),
                fixed(row.auroc_after),
            ]
            for row in rows
        ],
        text_columns=2,
    )


def transfer_rows(run: FinishedRun, score_key: str) -> Iterator[TransferRow]:
    """A row per set that was attacked and member.

    Args:
        run: The run; its manifest names the sets: {set after: set before}.
        score_key: A score of the members.
    """
    for after_name, before_name in run.manifest.adversarial.items():
        names = (run.in_distribution, before_name, after_name)
        inside, before, after = (
            as_log_likelihoods(score_key, run.scores[name].scores[score_key]) for name in names
        )
        for member in range(run.n_members):
            yield TransferRow(
                before_name,
                score_key,
                member,
                member == ATTACKED,
                float(before[member].mean()),
                float(after[member].mean()),
                auroc(-inside[member], -before[member]),
                auroc(-inside[member], -after[member]),
            )
