"""What became of occurrences, counted for each namespace since the process began.

Owns the counts that tell how delivery does. What had to be dropped is counted in `losses`, which is also reported.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal, get_args

from logster.entry import Report

What = Literal["taken", "coalesced", "written", "suppressed", "solved"]

_KEPT_OUT: dict[str, What] = {"suppressed": "suppressed", "solved": "solved"}


class Tally:
    """Counts by namespace; written by the thread that delivers, read by any."""

    def __init__(self) -> None:
        self._counts: defaultdict[tuple[str, What], int] = defaultdict(int)

    def add(self, namespace: str, what: What, count: int) -> None:
        """Count occurrences."""
        self._counts[namespace, what] += count

    def of(self, namespace: str, what: What) -> int:
        """Return how many there were in one namespace."""
        return self._counts.get((namespace, what), 0)

    def forget(self, namespace: str) -> None:
        """Drop the counts of one namespace."""
        for what in get_args(What):
            self._counts.pop((namespace, what), None)

    def settle(self, reports: Sequence[Report], results: Any) -> None:
        """Count what the store answered to reports."""
        outcomes = [each.outcome for each in results or ()]
        for position, report in enumerate(reports):
            namespace = report.latest.namespace
            outcome = outcomes[position] if position < len(outcomes) else ""
            what: What = _KEPT_OUT.get(outcome, "written")
            self.add(namespace, what, report.count)
            self.add(namespace, "coalesced", report.count - 1)
