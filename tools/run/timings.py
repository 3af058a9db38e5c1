"""Records the duration of a run's parts and the cost of scoring passes in the manifest."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tools.run.run_folder import RunFolder

_LOG = logging.getLogger(__name__)


@contextmanager
def timed(run_folder: RunFolder, part: str) -> Iterator[None]:
    """Records the part as the run's status, and the seconds it took once it ends without error."""
    run_folder.update_manifest(status=part)
    started = time.perf_counter()
    yield
    seconds = round(time.perf_counter() - started, 1)
    timings = run_folder.manifest().timings
    run_folder.update_manifest(timings={**timings, part: seconds})
    _LOG.info("%s took %.1f s", part, seconds)


def record_costs(run_folder: RunFolder, seconds: Mapping[str, float]) -> None:
    """Records the costs of passes over the examples; keeps those of other passes.

    Args:
        run_folder: The run, which has a manifest.
        seconds: {name of a pass: seconds per 1,000 examples, for all members}.
    """
    costs = run_folder.manifest().costs
    rounded = {name: round(cost, 3) for name, cost in seconds.items()}
    run_folder.update_manifest(costs={**costs, **rounded})
