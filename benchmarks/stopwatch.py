"""Stopwatch: how long a call takes, once the first has paid for what only the first pays, and in the quietest round.

What else the machine does makes a call slower, never faster, and does so for seconds at a time.
"""

import time
from collections.abc import Callable
from statistics import median

_ROUNDS = 3


def median_ms(call: Callable[[], object], times: int) -> float:
    """Return the median of a call's milliseconds in the quietest of a few rounds, which share so many calls."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        found.append((time.perf_counter() - start) * 1_000)
    # The first one of a few loads scripts and opens connections.
    found = found[1:] if len(found) > 2 else found
    length = max(len(found) // _ROUNDS, 1)
    return min(median(found[start : start + length]) for start in range(0, len(found) - length + 1, length))
