"""What had to be dropped: counted, and reported as an entry of its own.

Owns the counts. Callers on any thread, in signal handlers and finalizers too, add to them.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable

from logster import fingerprint
from logster.entry import LEVEL_NUMBERS, Env, Occurrence, level_name
from logster.opaque import Opaque
from logster.redaction import Redactor
from logster.settings import Settings

LOGGER = "logster"

QUEUE_FULL = "the queue was full"
AWAY = "Redis was away"
AWAY_TOO_LONG = "Redis was away for too long"
UNWRITABLE = "the store refused them"
SPOOL_FULL = "the spool was full"


def unrenderable(error: Exception) -> str:
    """Return the reason for dropping what could not be rendered."""
    return f"they could not be rendered ({type(error).__name__})"


class Losses:
    """Dropped occurrences by namespace, level and reason."""

    def __init__(self) -> None:
        # A finalizer or signal handler may log in the middle of `add` on the same thread.
        self._lock = threading.RLock()
        self._counts: Counter[tuple[str, int, str]] = Counter()
        self._totals: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self._counts)

    def total(self, reason: str | None = None) -> int:
        """Return how much was ever dropped, or dropped for one reason."""
        with self._lock:
            return sum(count for (_, why), count in self._totals.items() if reason in (None, why))

    def totals(self, namespace: str) -> dict[str, int]:
        """Return how much of one namespace was ever dropped, by reason."""
        with self._lock:
            return {why: count for (whose, why), count in self._totals.items() if whose == namespace}

    def add(self, namespace: str, level: int, reason: str, count: int = 1) -> None:
        """Count what was dropped."""
        with self._lock:
            self._counts[namespace, level, reason] += count
            self._totals[namespace, reason] += count

    def forget(self, namespace: str) -> None:
        """Drop the counts of one namespace, and what of it was still to be reported."""
        with self._lock:
            for counts in (self._counts, self._totals):
                for key in [key for key in counts if key[0] == namespace]:
                    del counts[key]

    def take(self) -> "list[LossSnapshot]":
        """Return what was dropped since the last time, one snapshot a namespace and reason."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        grouped: dict[tuple[str, str], Counter[int]] = {}
        for (namespace, level, reason), count in counts.items():
            grouped.setdefault((namespace, reason), Counter())[level] += count
        return [LossSnapshot(namespace, reason, levels) for (namespace, reason), levels in grouped.items()]

    def give_back(self, snapshots: "Iterable[LossSnapshot]") -> None:
        """Count again what was taken and could not be reported."""
        with self._lock:
            for each in snapshots:
                for level, count in each.levels.items():
                    self._counts[each.namespace, level, each.reason] += count


class LossSnapshot(Opaque):
    """The report about what was dropped."""

    level = LEVEL_NUMBERS["WARNING"]
    count = 1

    def __init__(self, namespace: str, reason: str, levels: Counter[int]) -> None:
        self.namespace = namespace
        self.timestamp_ms = int(time.time() * 1_000)
        self.reason = reason
        self.levels = levels

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence:
        return Occurrence(
            key=fingerprint.of_app(("logster", "dropped", self.reason)),
            level=self.level,
            logger=LOGGER,
            message=f"{self.levels.total():,} reports were dropped: {self.reason}",
            template="%s reports were dropped: %s",
            timestamp_ms=self.timestamp_ms,
            env=self.env(settings, redactor),
            version=settings.application_version,
            namespace=self.namespace,
        )

    def env(self, settings: Settings, redactor: Redactor) -> Env:  # noqa: ARG002
        dropped: Counter[str] = Counter()
        for level, count in self.levels.items():
            dropped[level_name(level)] += count
        return {"dropped": dict(dropped)}
