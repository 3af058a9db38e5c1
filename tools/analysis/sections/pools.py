"""How much a metric depends on which members were trained: disjoint ensembles of a larger pool."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from tools.analysis.section import Section
from tools.errors import InputError
from tools.report.blocks import Table
from tools.report.text_lines import aligned, fixed, rows_csv
from tools.scores.detection import DetectionTable
from tools.scores.finished_run import FinishedRun
from tools.scores.metrics import mean_auroc_of_lines
from tools.scores.score_lines import score_lines

HEADS = ("dataset", "score", "statistic", "pools", "members", "AUROC", "sd", "min", "max")


@dataclass(frozen=True)
class PoolRow:
    """AUROC of one score over disjoint ensembles, fields in the order of pools.csv.

    For the statistic `single` an ensemble's AUROC is the mean over its members'.

    Attributes:
        dataset: The OoD set.
        score: Score key.
        statistic: Over the members of one ensemble.
        n_pools: Ensembles.
        n_members: Members of each.
        auroc: Mean over the ensembles.
        auroc_sd: Standard deviation over them, ddof = 1.
        auroc_min: The lowest.
        auroc_max: The highest.
    """

    dataset: str
    score: str
    statistic: str
    n_pools: int
    n_members: int
    auroc: float
    auroc_sd: float
    auroc_min: float
    auroc_max: float


def section(table: DetectionTable) -> Section:
    """AUROC over the ensembles; in print the scores that were named."""
    options = table.options
    rows = list(pool_rows(table.run, table.score_keys, options.num_pools, options.ddof))
    if not rows:
        return Section("Pools", files={"pools.csv": ""})
    caption = "AUROC over disjoint ensembles of the run's members; no member is in two of them"
    shown = Table(caption, HEADS, [*map(_cells, rows)], text_columns=3, is_sortable=True)
    named = [_cells(row) for row in rows if (row.score, row.statistic) in table.headlines]
    text = f"Spread over disjoint ensembles\n{aligned([HEADS, *named], left_columns=3)}"
    return Section("Pools", [shown], text=text, files={"pools.csv": rows_csv(rows)})


def _cells(row: PoolRow) -> list[str]:
    return [fixed(cell) if isinstance(cell, float) else str(cell) for cell in astuple(row)]


def pool_rows(
    run: FinishedRun, score_keys: Sequence[str], num_pools: int, ddof: int = 0
) -> Iterator[PoolRow]:
    """Rows of all scores on all OoD sets; no member is in two ensembles.

    Args:
        run: The run with all members; those that are left over take no part.
        score_keys: The scores to be looked at.
        num_pools: Ensembles; 1: no rows.
        ddof: Divisor of the variance over M members is M - ddof.

    Raises:
        InputError: There are fewer members than ensembles.
    """
    if num_pools == 1:
        return
    size = run.n_members // num_pools
    if size <= ddof:
        raise InputError(
            f"--num_pools={num_pools}: the run has {run.n_members} members, too few for so many"
            " disjoint ensembles"
        )
    pools = [_with_members(run, slice(i * size, (i + 1) * size)) for i in range(num_pools)]
    inside = [score_lines(pool, run.in_distribution, score_keys, ddof) for pool in pools]
    for dataset in run.out_of_distribution:
        outside = [score_lines(pool, dataset, score_keys, ddof) for pool in pools]
        for pair in inside[0]:
            lines = ((within[pair], out[pair]) for within, out in zip(inside, outside, strict=True))
            aurocs = [mean_auroc_of_lines(*both) for both in lines]
            yield PoolRow(
                dataset,
                *pair,
                n_pools=num_pools,
                n_members=size,
                auroc=float(np.mean(aurocs)),
                auroc_sd=float(np.std(aurocs, ddof=1)),
                auroc_min=min(aurocs),
                auroc_max=max(aurocs),
            )


def _with_members(run: FinishedRun, members: slice) -> FinishedRun:
    scores = {
        name: replace(file, scores={key: values[members] for key, values in file.scores.items()})
        for name, file in run.scores.items()
    }
    return replace(run, scores=scores)
