"""Cost of a score: the time of the passes over the data that compute its quantities."""

from collections.abc import Iterable, Mapping

from tools.scores import denoising
from tools.scores.floors import FLOOR_WORDS, SIMPLE
from tools.scores.score_registry import (
    BACKGROUND,
    GRADIENT_NORMS,
    INPUT_PROPERTIES,
    LOCAL_PART,
    LOGITS,
    SIMPLE_PARTS,
    STRANGEST_PLACE,
    met_by,
    needed_quantities,
)

# {pass: quantities that it gives}; all others come from the sampling pass.
PASSES = {
    "critics": LOGITS,
    "denoising": ("denoising_error", denoising.ERRORS, denoising.SIZES),
    "eigenvalues": (denoising.EIGENVALUES,),
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
    "simple": (SIMPLE, SIMPLE_PARTS, LOCAL_PART),
    "maps": (STRANGEST_PLACE,),
}
SAMPLING = "sampling"


def passes_of(quantities: Iterable[str]) -> set[str]:
    """Names of the passes that give these quantities."""
    return {
        next((name for name, given in PASSES.items() if met_by(quantity, given)), SAMPLING)
        for quantity in quantities
    }


def seconds_per_1000(score_key: str, costs: Mapping[str, float]) -> float | None:
    """Seconds that all members take for the quantities of 1,000 examples; None: not measured.

    Args:
        score_key: The score.
        costs: Seconds per 1,000 examples of each pass, as the run's manifest has them.
    """
    if score_key in FLOOR_WORDS:  # a simple detector, which takes a pass of its own
        return costs.get(score_key)
    passes = passes_of(needed_quantities([score_key]))
    return sum(costs[name] for name in passes) if passes <= costs.keys() else None
