"""Similar entries: those that may have the same reason as the one that is read.

Looks at the newest rows of the list only, in one call of the store, so that the cost does not grow with the backlog.
"""

from dataclasses import dataclass

from logster.entry import Entry
from logster.store.redis_store import RedisStore

NEWEST = 200
SHOWN = 8
_WORDS = 3

SAME_PLACE = "same place"
SAME_TYPE = "same exception"
SAME_WORDING = "same wording"


@dataclass(frozen=True)
class Similar:
    """Another entry, and what it has in common with the one that is read."""

    entry: Entry
    reasons: tuple[str, ...]


def similar(store: RedisStore, entry: Entry) -> list[Similar]:
    """Return the entries most like `entry`, those that share most first, newer ones before older."""
    rows = store.page(limit=NEWEST, include_solved=True).entries
    found = [Similar(row, _reasons(entry, row)) for row in rows if row.key != entry.key]
    found = [each for each in found if each.reasons]
    return sorted(found, key=lambda each: -len(each.reasons))[:SHOWN]


def _reasons(entry: Entry, other: Entry) -> tuple[str, ...]:
    place = _place(entry)
    shared = (
        (SAME_PLACE, place is not None and place == _place(other)),
        (SAME_TYPE, bool(entry.exception_type) and entry.exception_type == other.exception_type),
        (SAME_WORDING, entry.logger == other.logger and _beginning(entry) == _beginning(other)),
    )
    return tuple(reason for reason, holds in shared if holds)


def _place(entry: Entry) -> tuple[str, str] | None:
    location = entry.location
    return (location.file, location.function) if location else None


def _beginning(entry: Entry) -> list[str]:
    return (entry.template or entry.message).split()[:_WORDS]
