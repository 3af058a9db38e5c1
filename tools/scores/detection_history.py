"""How well the members told sets apart in the course of their training, step by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tools.errors import InputError
from tools.scores.ensemble_statistics import SCORE_KEYS, anomaly_scores
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import mean_auroc_of_lines, refuse_unusable
from tools.scores.score_files import REMEDY, ScoreFile, read_scores


@dataclass(frozen=True)
class HistoryRow:
    """One statistic of one score on one set after some steps, fields in the order of history.csv.

    Scores are higher = more anomalous.

    Attributes:
        step: Training steps done.
        dataset: The set.
        score: Score key.
        statistic: Over the members; `single` is the mean over their AUROCs.
        n_members: Members.
        n: Examples of the set.
        auroc: Against the test set, this set positive; None: it is the test set.
        mean: Of the statistic over the examples.
    """

    step: int
    dataset: str
    score: str
    statistic: str
    n_members: int
    n: int
    auroc: float | None
    mean: float


def history_rows(
    run: FinishedRun, score_keys: Sequence[str], ddof: int = 0
) -> Iterator[HistoryRow]:
    """Rows by step, score, set and statistic; none of a run that scored no steps.

    Args:
        run: The run; its manifest names the steps.
        score_keys: Those that members do not have are passed over.
        ddof: Of the variance over members.

    Raises:
        InputError: A file is missing or damaged, has other members, or a score is NaN.
    """
    for step in run.manifest.history.steps:
        files = {name: _read(run, step, name) for name in run.test_sets}
        held = set.intersection(*(set(file.scores) for file in files.values()))
        for key in score_keys:
            if key in SCORE_KEYS and key in held:
                yield from _rows(run.in_distribution, files, step, key, ddof)


def _read(run: FinishedRun, step: int, dataset: str) -> ScoreFile:
    path = run.folder.history(step).scores(dataset)
    file = read_scores(path)
    if file.n_members != run.n_members:
        raise InputError(f"{path} has {file.n_members} members, the run {run.n_members}; {REMEDY}")
    for key, values in file.scores.items():
        refuse_unusable(values, f"{key} of {dataset} at step {step}")
    return file


def _rows(
    inside: str, files: dict[str, ScoreFile], step: int, key: str, ddof: int
) -> Iterator[HistoryRow]:
    scores = {name: anomaly_scores(key, file.scores[key], ddof) for name, file in files.items()}
    for name, statistics in scores.items():
        for statistic, values in statistics.items():
            lines = map(np.atleast_2d, (scores[inside][statistic], values))
            yield HistoryRow(
                step,
                name,
                key,
                statistic,
                n_members=files[name].n_members,
                n=len(files[name].ids),
                auroc=None if name == inside else mean_auroc_of_lines(*lines),
                mean=float(values.mean()),
            )
