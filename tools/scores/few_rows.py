"""Whether calibration examples are enough, said before members train for hours."""

from collections.abc import Iterable, Iterator, Mapping

from tools.scores.conformal import smallest_p_value
from tools.scores.score_registry import FITTED_SCORES

ROWS_PER_STATISTIC = 5  # of a fit that takes several statistics together


def few_rows(
    count: int, score_keys: Iterable[str], n_members: int, targets: Mapping[str, float]
) -> Iterator[str]:
    """A line for each score and each target that asks for more calibration examples.

    p-values hold with any number of them; a score that is fitted to few tells little apart.

    Args:
        count: Number of calibration examples.
        score_keys: The run's scores.
        n_members: Number of members.
        targets: {what asks for it: largest share of false alarms}.
    """
    for name, target in targets.items():
        if smallest_p_value(count) > target:
            least = next(n for n in range(count, 10**9) if smallest_p_value(n) <= target)
            yield (
                f"{count} calibration examples are too few for {name}: at most {target:g} false"
                f" alarms can be promised from {least} on, so nothing will be flagged"
            )
    for key in score_keys:
        if key in FITTED_SCORES:
            statistics = FITTED_SCORES[key].statistics(n_members)
            if count < ROWS_PER_STATISTIC * statistics:
                yield (
                    f"{key} is fitted to {statistics} statistics of {count} calibration examples;"
                    f" {ROWS_PER_STATISTIC * statistics} or more are advised"
                )
