"""Pages of the list, newest first: as they stand, or those rows that a query matches."""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from logster.entry import LEVELS, Entry, Page, level_floor
from logster.store import codec
from logster.store.connection import Command
from logster.store.cursor import Cursor
from logster.store.script import script
from logster.store.tenant import Tenant

if TYPE_CHECKING:
    from logster.search import Query

OLDER, NEWER = 1, -1


class Stretch(NamedTuple):
    """Which rows a page is taken from, from which place on, and in which direction."""

    levels: tuple[int, ...]
    since_ms: int | None
    until_ms: int | None
    solved: bool
    start: Cursor | None
    step: int

    def call(self, tenant: Tenant, name: str, *rest: str, **arguments: int) -> Command:
        """Return the call of a script that walks this stretch."""
        sets = [tenant.keys.prefix, *tenant.keys.rows(self.levels, solved=self.solved)]
        score, key = self.start or ("", "")
        times = {"since": _or_empty(self.since_ms), "until": _or_empty(self.until_ms)}
        place = {"cursor_score": score, "cursor_key": key, "step": self.step}
        return script(name).words(sets, rest, {**arguments, **times, **place})


def plain_page(tenant: Tenant, stretch: Stretch, limit: int) -> Page:
    """Return the page as it stands: one round trip, and the cost of its rows."""
    call = stretch.call(tenant, "list", *codec.LIST_FIELDS, limit=limit)
    total, follows, behind, rows = tenant.run_all([call])[0]
    entries = [codec.decode_entry(key.decode(), values, env_count) for key, env_count, *values in rows]
    return page_of(entries, stretch.step, bool(follows), bool(behind), total)


def page_of(entries: list[Entry], step: int, follows: bool, behind: bool, total: int | None) -> Page:
    """Return walked entries as a page, newest first."""
    older, newer = (follows, behind) if step == OLDER else (behind, follows)
    ordered = entries[::step]
    return Page(
        ordered,
        next=cursor_of(ordered[-1]) if ordered and older else None,
        previous=cursor_of(ordered[0]) if ordered and newer else None,
        total=total,
    )


def cursor_of(entry: Entry) -> str:
    """Return the cursor of an entry's place."""
    return str(Cursor(entry.last_seen, entry.key))


def levels_of(numbers: Collection[int] | None) -> tuple[int, ...]:
    """Return the standard levels to look at: all where none are named."""
    return tuple(LEVELS) if numbers is None else tuple(sorted({level_floor(number) for number in numbers}))


def _or_empty(value: int | None) -> int | str:
    return "" if value is None else value
