"""Builds what capture's tests need: a store in memory, a service on it, and what one logging call becomes there."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from logster.capture.handler import LogsterHandler
from logster.delivery.worker import Worker
from logster.entry import Occurrence, Report
from logster.errors import StoreUnavailable
from logster.patterns import Rule
from logster.service import Service
from logster.settings import Settings
from logster.store.filter import Filter


class MemoryBatch(NamedTuple):
    """Reports that a store takes when they are waited for."""

    store: "MemoryStore"
    reports: Sequence[Report]

    def send(self) -> None:
        self.store.steps.append("sent")

    def results(self) -> Any:
        self.store.steps.append("answered")
        return self.store.report(self.reports)


class MemoryStore:
    """Keeps reports in a list, applies a sender's number once, and can be away."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.steps: list[str] = []
        self.is_away = False
        self.loses_answers = False
        self.calls = 0
        self.rules: tuple[Rule, ...] = ()
        self.refuse: Callable[[Report], bool] = lambda _: False
        self.is_free = threading.Event()
        self.is_free.set()
        self._applied: dict[str, int] = {}

    def batch(self, reports: Sequence[Report]) -> "MemoryBatch":
        self.steps.append("ready")
        return MemoryBatch(self, reports)

    def report(self, reports: Sequence[Report]) -> None:
        self.calls += 1
        reports = list(reports)
        self.is_free.wait(10)
        if self.is_away:
            raise StoreUnavailable("away")
        for each in reports:
            if self.refuse(each):
                raise TypeError("cannot be written")
        for each in reports:
            if not each.sender or self._applied.get(each.sender, 0) < each.sequence:
                self._applied[each.sender] = each.sequence
                self.reports.append(each)
        if self.loses_answers:
            self.loses_answers = False
            raise StoreUnavailable("the answer was lost")

    def ping(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away")

    def filter(self, namespace: str) -> Filter:
        return Filter(self.rules)

    @property
    def counts(self) -> dict[str, int]:
        """Return how often each message was counted."""
        counts: dict[str, int] = {}
        for each in self.reports:
            counts[each.latest.message] = counts.get(each.latest.message, 0) + each.count
        return counts


def service_on(store: MemoryStore, **settings: Any) -> Service:
    """Return a service that writes to `store`."""
    service = Service(Settings(**settings))
    service.worker = Worker(service.settings, store)
    return service


class Log:
    """A logger of its own with one LogsterHandler, and what came of its records."""

    def __init__(self, name: str = "app", *, service: Service | None = None, **settings: Any) -> None:
        self.store = MemoryStore()
        self.service = service or service_on(self.store, **{"flush_interval_seconds": 0} | settings)
        self.handler = LogsterHandler(service=self.service)
        self.logger = logging.Logger(name)
        self.logger.addHandler(self.handler)

    @property
    def reports(self) -> list[Report]:
        assert self.service.worker.flush(10)
        return self.store.reports

    @property
    def occurrences(self) -> list[Occurrence]:
        return [each.latest for each in self.reports]

    @property
    def only(self) -> Occurrence:
        """Return the one occurrence there is."""
        (occurrence,) = self.occurrences
        return occurrence

    def close(self) -> None:
        self.service.worker.close()
