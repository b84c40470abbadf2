"""Which rates this process watches, and the question that goes with each batch of reports.

Owns what a watch is. Who is told, and on which thread, is for `logster.rates`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from logster.entry import Report
from logster.store.connection import Command
from logster.store.tenant import Tenant

Per = Literal["minute", "hour"]


class Watch(msgspec.Struct, frozen=True):
    """A limit on how many occurrences of some standard levels may be reported in a minute or an hour."""

    levels: tuple[int, ...]
    limit: int
    per: Per


Breached = Callable[[Watch, int, str], object]
"""Called with a watch, the rate and the namespace, on the thread that writes: it must not wait."""

watches: list[tuple[Watch, Breached]] = []


def questions(reports: Sequence[Report], tenant: Callable[[str], Tenant]) -> Iterator[tuple[str, Watch, Command]]:
    """Yield what is to be asked along with some reports: for each namespace each watch, once."""
    for watch in dict.fromkeys(watch for watch, _ in watches):
        levels = " ".join(map(str, watch.levels))
        for namespace in dict.fromkeys(report.latest.namespace for report in reports):
            yield namespace, watch, tenant(namespace).call("rate", levels=levels, limit=watch.limit, per=watch.per)


def answer(namespace: str, asked: Watch, rate: int) -> None:
    """Tell all who watch that a rate went over its limit."""
    for watch, breached in watches:
        if watch == asked:
            breached(watch, rate, namespace)
