"""Stopwatch: how long a call takes, once the first has paid for what only the first pays."""

import time
from collections.abc import Callable
from statistics import median


def median_ms(call: Callable[[], object], times: int) -> float:
    """Return the median of a call's milliseconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append((time.perf_counter() - start) * 1_000)
    # The first one of a few loads scripts and opens connections.
    return median(found[1:] if len(found) > 2 else found)
