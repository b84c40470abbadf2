"""Bench: what a benchmark works with: the server, namespaces of its own, entries to read, and how large all is."""

import itertools
import os
from collections.abc import Callable
from typing import Any, TypeVar

from benchmarks import workload
from benchmarks.child import Child, profiled
from benchmarks.ruby_logster import Yardstick
from benchmarks.server import Server
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore

SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (5, 20, 60)
PROCESSES = (1, 4, 16)
QUICK_PROCESSES = (1, 2)
_REPORTS_A_CALL = 250

T = TypeVar("T")


class Bench:
    """One run.

    Arguments:
        server: where everything is kept.
        quick: whether only to see that all runs: sizes are tiny, and the figures say nothing.
        profiling: whether to print where the time went.
    """

    def __init__(self, server: Server, *, quick: bool = False, profiling: bool = False) -> None:
        self.server = server
        self.quick = quick
        self.profiling = profiling
        self.yardstick = Yardstick(server)
        self.sizes = QUICK_SIZES if quick else SIZES
        self.processes = QUICK_PROCESSES if quick else PROCESSES
        self._numbers = itertools.count(1)
        self._corpora: dict[int, Corpus] = {}
        self.remembered: dict[Any, Any] = {}
        self._points: dict[tuple[Callable[..., float], int], float] = {}

    def times(self, count: int, quick: int = 1) -> int:
        """Return how often to do something."""
        return quick if self.quick else count

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return settings with a namespace that nothing else uses, as a child takes them."""
        return {"redis_url": self.server.url, "namespace": f"bench-{os.getpid()}-{next(self._numbers)}", **changes}

    def child(self, function: Callable[..., T], **arguments: Any) -> T:
        """Return what a function returns in a process of its own; for a quick run this one does."""
        if self.quick:
            return profiled(function, arguments) if self.profiling else function(**arguments)
        result: T = Child(function, arguments, profiled=self.profiling).result()
        return result

    def here(self, function: Callable[..., T], **arguments: Any) -> T:
        """Return what a function returns in this process."""
        return profiled(function, arguments) if self.profiling else function(**arguments)

    def corpus(self, size: int) -> "Corpus":
        """Return a namespace with so many entries, to be read only."""
        if size not in self._corpora:
            self._corpora[size] = Corpus(self, size)
        return self._corpora[size]

    def take_corpus(self, size: int) -> "Corpus":
        """Return a namespace with so many entries, to do with as one likes."""
        corpus = self.corpus(size)
        del self._corpora[size]
        return corpus

    def at(self, size: int, measure: Callable[["Bench", int], float]) -> float:
        """Return what a measure says at a size; each is taken once a run."""
        if (measure, size) not in self._points:
            self._points[measure, size] = measure(self, size)
        return self._points[measure, size]


class Corpus:
    """So many distinct entries with 30 structured frames each, in a namespace of their own."""

    def __init__(self, bench: Bench, size: int) -> None:
        self.size = size
        self.settings = Settings(
            **bench.settings(
                max_backlog=size, queue_size=100_000, beacon_per_minute=100_000, redis_timeout_seconds=30.0
            )
        )
        self.namespace = self.settings.current_namespace()
        self.service = Service(self.settings)
        self.store = RedisStore(self.settings)
        before = bench.server.memory()
        self.add(0, size)
        self.bytes_per_entry = (bench.server.memory() - before) / size

    def add(self, start: int, count: int) -> None:
        """Report the entries of some numbers."""
        for begin in range(start, start + count, _REPORTS_A_CALL):
            numbers = range(begin, min(begin + _REPORTS_A_CALL, start + count))
            self.store.report([workload.report(self.namespace, number, self.size) for number in numbers])

    def close(self) -> None:
        """Let go of the connections, and of the entries."""
        self.store.clear()
        self.service.close()
        self.store.close()
