"""What a score costs: the passes over the data that its statistics come from."""

from collections.abc import Iterable, Mapping

from tools.scores.score_registry import (
    BACKGROUND,
    GRADIENT_NORMS,
    INPUT_PROPERTIES,
    LOGITS,
    met_by,
    needed_statistics,
)

# {pass: statistics that it gives}; all others come from the sampling pass.
PASSES = {
    "critics": LOGITS,
    "posterior mean": (
        "laplace",
        "reconstruction_error",
        "posterior_mean_norm",
        "posterior_stddev_norm",
    ),
    "gradients": (GRADIENT_NORMS,),
    "regret": ("likelihood_regret",),
    "background": (BACKGROUND,),
    "input": INPUT_PROPERTIES,
}
SAMPLING = "sampling"


def passes_of(statistics: Iterable[str]) -> set[str]:
    """Names of the passes that give these statistics."""
    return {
        next((name for name, given in PASSES.items() if met_by(statistic, given)), SAMPLING)
        for statistic in statistics
    }


def seconds_per_1000(score_key: str, costs: Mapping[str, float]) -> float | None:
    """Seconds that all members take for the statistics of 1,000 examples; None: not measured.

    Args:
        score_key: The score.
        costs: Seconds per 1,000 examples of each pass, as the run's manifest has them.
    """
    passes = passes_of(needed_statistics([score_key]))
    return sum(costs[name] for name in passes) if passes <= costs.keys() else None
