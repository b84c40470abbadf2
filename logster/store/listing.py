"""Pages of the list as it stands, newest first. Which of its rows a query matches is for `finding`."""

from collections.abc import Collection
from typing import Any, NamedTuple

from logster.entry import LEVELS, Entry, Page, level_floor
from logster.recall import Memo
from logster.store import codec, grouping, regrouping
from logster.store.connection import Command
from logster.store.cursor import Cursor
from logster.store.script import Word, script
from logster.store.tenant import Tenant

OLDER, NEWER = 1, -1


_ROWS_AT_MOST = 500
_ROWS_A_CALL = 50


class Stretch(NamedTuple):
    """Which rows a page is taken from, from which place on, and in which direction."""

    sets: tuple[str, ...]
    since_ms: int | None
    until_ms: int | None
    start: Cursor | None
    step: int

    def call(self, tenant: Tenant, name: str, *rest: Word, **arguments: Word) -> Command:
        """Return the call of a script that walks this stretch."""
        score, key = self.start or ("", "")
        times = {"since_ms": _or_empty(self.since_ms), "until_ms": _or_empty(self.until_ms)}
        place = {"cursor_score": score, "cursor_key": key, "step": self.step}
        return script(name).words([tenant.keys.prefix, *self.sets], rest, {**arguments, **times, **place})


def plain_page(tenant: Tenant, stretch: Stretch, limit: int) -> Page:
    """Return the page as it stands: one round trip, or a few for a long one, and the cost of its rows."""
    limit = min(limit, _ROWS_AT_MOST)
    total, follows, behind, entries = _part(tenant, stretch, limit)
    found = {each.key: each for each in entries}
    while follows and entries and len(found) < limit:
        onward = stretch._replace(start=Cursor(entries[-1].last_seen, entries[-1].key))
        _, follows, _, entries = _part(tenant, onward, limit - len(found))
        for each in entries:
            # What was reported meanwhile is met again on the way to newer rows.
            found.pop(each.key, None)
            found[each.key] = each
    return page_of(list(found.values()), stretch.step, follows, behind, total)


def count(tenant: Tenant, levels: Collection[int] | None) -> int:
    """Return how many rows there are on some levels."""
    sets = tuple(tenant.keys.rows(levels_of(levels)))
    return int(_listed(tenant, Stretch(sets, None, None, None, OLDER), 0)[0])


def _part(tenant: Tenant, stretch: Stretch, limit: int) -> tuple[int, bool, bool, list[Entry]]:
    """Return how many rows there are, whether rows follow or lie behind, and as many rows as one call reads."""
    total, follows, behind, rows = _listed(tenant, stretch, min(limit, _ROWS_A_CALL))
    # A Redis that evicts may have taken an entry and left its place in the list.
    torn = [row[-3].decode() for row in rows if row[0] is None]
    if torn:
        tenant.run("delete", *torn)
        return _part(tenant, stretch, limit)
    return int(total), bool(follows), bool(behind), [_row(row) for row in rows]


def _listed(tenant: Tenant, stretch: Stretch, limit: int) -> Any:
    call = stretch.call(tenant, "list", *codec.LIST_FIELDS, max_age_ms=tenant.max_age_ms, limit=limit)
    while not (answer := tenant.run_all([call])[0]):
        pass
    *listed, is_ungrouped = answer
    if is_ungrouped:
        regrouping.regroup(tenant)
        return _listed(tenant, stretch, limit)
    return listed


def _row(row: list[Any]) -> Entry:
    if about := row[-1]:
        about[-1] = tuple(about[-1])
    row[-1] = tuple(about)
    return _decoded(tuple(row))


def _bytes(entry: Entry) -> int:
    # About, and for much less than it would take to know.
    return 1_000 + len(entry.message) + len(entry.first_message) + len(entry.template)


def _decode(row: Any) -> Entry:
    *values, key, env_count, about = row
    if about:
        return grouping.row(key.decode(), values, env_count, about)
    return codec.decode_row(key.decode(), values, env_count)


# Most rows are as they were when they were read before. They are known by all that is stored of them, so none is out of
# date.
_decoded: Memo[Entry] = Memo(_decode, 2_000_000, _bytes)


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
