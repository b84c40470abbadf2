"""How long Redis took to answer, as a histogram since the process began. Owns the counts, and no clock."""

import threading
from bisect import bisect_left
from itertools import accumulate

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Latency:
    """Counts of answers, each in the first bucket whose bound it does not exceed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one answer that took so long."""
        with self._lock:
            self._counts[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def buckets(self) -> tuple[list[tuple[float, int]], float]:
        """Return how many answers took each bound or less, the last being infinity, and how long all of them took."""
        with self._lock:
            counts, seconds = list(self._counts), self._seconds
        return list(zip((*BOUNDS, float("inf")), accumulate(counts), strict=True)), seconds
