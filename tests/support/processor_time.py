"""What other programs cost, in a unit that does not depend on what else the machine does."""

import resource
from collections.abc import Callable


def seconds_of_programs(start: Callable[[], object]) -> float:
    """Processor time of the programs that `start` runs to their end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
