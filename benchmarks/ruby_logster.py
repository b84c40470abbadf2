"""Ruby Logster's figures, measured once on another machine, brought to this one by a yardstick.

They are those of Ruby Logster 2.20.1 with Debian's Ruby 3.1 without JIT, redis-rb 4.8 and Redis 7.0.15 on loopback
without persistence, on two cores of an AMD EPYC; medians of several runs of the same workload.
"""

import logging
import time
from dataclasses import replace
from statistics import median

from benchmarks.row import RATE, Other, Row
from benchmarks.server import Server

NAME = "Ruby Logster"

# Of that machine: one PING from redis-benchmark, and one call of Python's logging with a handler that does nothing.
_PING_SECONDS = 79e-6
_LOOP_SECONDS = 4.6e-6
_CALLS = 5_000
_PINGS = 300

IDENTICAL = 1_300
DISTINCT = 700
ZIPF = 1_350
LIST_JSON = 347
JAVASCRIPT = 764
CALLER_US = 805
OLDER_PAGE_MS = {1_000: 7, 10_000: 52, 100_000: 477}
NEWEST_PAGE_MS = {1_000: 6, 10_000: 6, 100_000: 6}
LEVEL_WITHOUT_MATCH_MS = {1_000: 50, 10_000: 450, 100_000: 4_500}
TEXT_SEARCH_MS = {1_000: 170, 10_000: 1_500, 100_000: 19_500}
REGEX_SEARCH_MS = {1_000: 130, 10_000: 1_200, 100_000: 13_500}
CLEAR_HOLDS_MS = 1_200
MEMORY = 5_344
MEMORY_WITH_50_ENVS = 42_610
PATTERNS_PERCENT = 17
GROUPING_PERCENT = 39


class Nothing(logging.Handler):
    """The least that a handler can do."""

    def emit(self, record: logging.LogRecord) -> None:
        """Do nothing."""


class Yardstick:
    """How much longer than the other machine this one takes, by a round trip and by a loop of Python.

    It is looked at again and again during a run, and the medians stand for all of it.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pings: list[float] = []
        self._loops: list[float] = []

    def look(self) -> None:
        """Measure both once more."""
        self._pings.append(median(self._ping() for _ in range(_PINGS)) / _PING_SECONDS)
        self._loops.append(min(_loop() for _ in range(3)) / _LOOP_SECONDS)

    @property
    def ping(self) -> float:
        return median(self._pings)

    @property
    def loop(self) -> float:
        return median(self._loops)

    def scaled(self, row: Row) -> Row:
        """Return a row with a figure of the other machine as this one would have it.

        Of the two factors it is the one that flatters the other more. Bytes and shares are the same everywhere.
        """
        other = row.other
        if other is None or not other.is_scaled or other.value is None:
            return row
        factor = min(self.ping, self.loop)
        value = other.value / factor if row.unit == RATE else other.value * factor
        return replace(row, other=replace(other, value=value))

    def _ping(self) -> float:
        start = time.perf_counter()
        self._server.client.ping()
        return time.perf_counter() - start


def _loop() -> float:
    logger = logging.Logger("yardstick")
    logger.addHandler(Nothing())
    start = time.perf_counter()
    for number in range(_CALLS):
        logger.error("order %s failed", number)
    return (time.perf_counter() - start) / _CALLS


def ruby(value: float, unit: str) -> Other:
    """Return one of the figures as that machine had it."""
    return Other(NAME, value, is_scaled=unit in (RATE, "ms", "µs"))
