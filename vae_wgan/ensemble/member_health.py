"""Which members have diverged or collapsed, by the quantities in their training histories."""

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from tools.errors import InputError
from tools.run.member_faults import add_fault, is_left_out

_LOG = logging.getLogger(__name__)
Record = Mapping[str, float]
LIKELIHOODS = ("elbo", "log_likelihood")  # nats per example, higher = more normal
COLLAPSED, INFORMED = 0.1, 1.0  # nats of rate
_LEAST_FALL, _LEAST_GAP = 100.0, 5.0  # nats
_SPREADS, _SHARE_OF_GAIN = 10, 0.25


class MemberFaultError(InputError):
    """The training of a member has failed; the message goes on "member NUMBER ..."."""


def note_fault(member_dir: Path, fault: str) -> None:
    """Records and logs why a member failed, and what becomes of it."""
    add_fault(member_dir, fault)
    what = "it is left out" if is_left_out(member_dir) else "it starts again from another seed"
    _LOG.warning("%s: the member %s; %s. A smaller learning rate may help", member_dir, fault, what)


def likelihood_of(values: Record) -> float | None:
    """The likelihood among a member's monitored values; None: it has none, as a WGAN."""
    return next((values[name] for name in LIKELIHOODS if name in values), None)


def refuse_not_finite(values: Mapping[str, object], step: int) -> None:
    """Raises MemberFaultError if a number or an element of an array is not finite."""
    for name, value in values.items():
        if not np.isfinite(value).all():  # type: ignore[call-overload]
            raise MemberFaultError(f"diverged by step {step:,}: {name} is not finite")


def refuse_diverged(values: Record, untrained: Record, earlier: Iterable[Record]) -> None:
    """Raises MemberFaultError if a likelihood falls far below that of the untrained member.

    Far is by more than training had gained, than that likelihood itself, and than 100 nats: one
    extreme example makes the mean of a sound member fall too.

    Args:
        values: What the member's monitor says, with its step.
        untrained: What it said before the first step.
        earlier: The records of earlier steps.
    """
    now, start = likelihood_of(values), likelihood_of(untrained)
    if now is None or start is None:
        return
    best = max([start, *(value for record in earlier if (value := likelihood_of(record)))])
    if now < start - max(best - start, abs(start), _LEAST_FALL):
        raise MemberFaultError(
            f"diverged by step {values['step']:,}: its log likelihood is {now:.4g} nats,"
            f" {start:.4g} before training"
        )


def is_collapsed(values: Record) -> bool:
    """Whether the posterior has collapsed onto the prior: codes say nothing of the example."""
    return values.get("rate", np.inf) < COLLAPSED


def out_of_line(
    last: Mapping[int, Record], untrained: Callable[[], float | None]
) -> dict[int, str]:
    """Why members are unlike the others at the end of training, by number of the member.

    A likelihood is too low if it is below the median by ten times the others' median deviation from
    it, by a quarter of what training has gained, and by 5 nats. A posterior that has collapsed is a
    fault where those of most members have not: of some data it is the best that a VAE can do.

    Args:
        last: The last record of each trained member; with fewer than three there is no majority.
        untrained: Gives the likelihood of a member before training; called only where needed.
    """
    if len(last) < 3:
        return {}
    faults = {}
    rates = {index: record["rate"] for index, record in last.items() if "rate" in record}
    if rates and np.median(list(rates.values())) > INFORMED:
        for index, rate in rates.items():
            if rate < COLLAPSED:
                faults[index] = f"collapsed: its codes hold {rate:.2g} nats of an example"
    found = {index: likelihood_of(record) for index, record in last.items()}
    likelihoods = {index: value for index, value in found.items() if value is not None}
    for index, value in likelihoods.items():
        others = [other for number, other in likelihoods.items() if number != index]
        middle = float(np.median(others))
        gap, spread = middle - value, float(np.median(np.abs(np.array(others) - middle)))
        if gap > max(_SPREADS * spread, _LEAST_GAP):
            start = untrained()
            if start is not None and gap > _SHARE_OF_GAIN * abs(middle - start):
                faults[index] = (
                    f"ended with a log likelihood of {value:.4g} nats, the others with about"
                    f" {middle:.4g}"
                )
    return faults
