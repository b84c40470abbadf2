"""What clients of other software sent, counted by namespace and type since the process began."""

import threading
from collections import Counter


class Received:
    """Counts the items of Sentry's envelopes, those that are not kept included. `types` bounds what is told apart."""

    types = frozenset(
        (
            *("event", "log", "transaction", "span", "session", "sessions", "client_report", "attachment"),
            *("user_report", "feedback", "profile", "profile_chunk", "check_in", "statsd", "metric_buckets"),
            *("trace_metric", "replay_event", "replay_recording", "replay_video"),
        )
    )

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {}

    def add(self, namespace: str, type_: str) -> None:
        """Count one item; an unknown type counts as `other`."""
        with self._lock:
            self._counts.setdefault(namespace, Counter())[type_ if type_ in self.types else "other"] += 1

    def of(self, namespace: str) -> dict[str, int]:
        """Return how many items came in one namespace, by type."""
        with self._lock:
            return dict(self._counts.get(namespace, ()))

    def forget(self, namespace: str) -> None:
        """Drop the counts of one namespace."""
        with self._lock:
            self._counts.pop(namespace, None)
