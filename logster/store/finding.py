"""Pages of the rows that a query matches. Redis narrows the candidates down, the query itself decides."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from logster.entry import Entry, Page
from logster.search.subject import Row
from logster.store import codec, details, timeline
from logster.store.candidates import Candidates
from logster.store.cursor import Cursor
from logster.store.listing import Stretch, levels_of, page_of
from logster.store.question import ask
from logster.store.tenant import Tenant

if TYPE_CHECKING:
    from logster.search import Query

Span = tuple[int, int]


def narrowed(tenant: Tenant, stretch: Stretch, query: "Query", levels: Collection[int] | None) -> Stretch:
    """Return the part of a stretch in which the query can match at all."""
    allowed = levels_of(levels)
    if query.levels is not None:
        allowed = tuple(level for level in levels_of(query.levels) if level in allowed)
    # Members of groups are rows of their own here: each stands for what it says itself.
    shown = (
        [*tenant.keys.rows(allowed), *map(tenant.keys.grouped, allowed)] if "solved" not in query.flags_required else []
    )
    solved = tenant.keys.solved_rows(allowed) if "solved" not in query.flags_forbidden else []
    return stretch._replace(
        sets=(*shown, *solved),
        since_ms=_bound(max, stretch.since_ms, query.since_ms),
        until_ms=_bound(min, stretch.until_ms, query.until_ms),
    )


def found_page(tenant: Tenant, stretch: Stretch, query: "Query", limit: int, during: Span | None = None) -> Page:
    """Return the page of matches that occurred in a span; its total is known only where it holds them all."""
    candidates = Candidates(tenant, query)

    def matches(stretch: Stretch, wanted: int) -> list[Entry]:
        return list(islice(_matches(tenant, candidates.along(stretch, wanted), query, during), wanted))

    found = matches(stretch, limit + 1)
    entries, follows = found[:limit], len(found) > limit
    behind = False
    if entries and stretch.start is not None:
        first = Cursor(entries[0].last_seen, entries[0].key)
        behind = bool(matches(stretch._replace(start=first, step=-stretch.step), 1))
    total = None if follows or stretch.start else len(entries)
    return page_of(entries, stretch.step, follows, behind, total)


def _matches(tenant: Tenant, candidates: Iterable[list[str]], query: "Query", during: Span | None) -> Iterator[Entry]:
    for keys in candidates:
        if during is None:
            yield from _verified(tenant, keys, query)
        else:
            matches = _verified(tenant, _occurred(tenant, keys, during), query)
            # Hours are what is known of occurrences; the first and the last are known to the millisecond.
            yield from (entry for entry in matches if entry.first_seen <= during[1] and entry.last_seen >= during[0])


def _occurred(tenant: Tenant, keys: list[str], during: Span) -> list[str]:
    """Return those entries that have an occurrence in a span."""
    columns = ask(tenant, timeline.of_entries(tenant, keys, *during))
    return [key for key, counts in zip(keys, columns, strict=True) if any(counts)]


def _verified(tenant: Tenant, candidates: list[str], query: "Query") -> Iterator[Entry]:
    keys = tenant.keys
    commands: list[list[str]] = []
    for key in candidates:
        commands.append(["HMGET", keys.entry(key), *codec.ENTRY_FIELDS, "env_base"])
        commands.append(["LRANGE", keys.env(key), "0", "-1"] if query.needs_env else ["LLEN", keys.env(key)])
    answers = iter(tenant.run_all(commands) if commands else [])
    for key, values, samples in zip(candidates, answers, answers, strict=True):
        if values[0] is None:
            continue
        *listed, stored, text, shared, base = values
        entry = codec.decode_entry(key, listed, len(samples) if query.needs_env else samples)
        # What is compressed is read only where a look at the rest does not decide.
        said = (stored, text, shared)
        row = Row(entry, partial(_traceback, tenant, *said), partial(_extract, tenant, entry, *said))
        if query.matches_row(row, partial(codec.decode_envs, base, samples) if query.needs_env else tuple):
            yield entry


def _traceback(tenant: Tenant, stored: bytes | None, text: bytes | None, shared: bytes | None) -> str:
    return details.decode(stored, text, tenant.pool.frames(shared)).traceback


def _extract(
    tenant: Tenant, entry: Entry, stored: bytes | None, text: bytes | None, shared: bytes | None
) -> Iterator[bytes]:
    yield codec.lower(entry.message)
    yield details.extract(stored, text)
    yield from tenant.pool.texts_of(shared)


def _bound(choose: Callable[[list[int]], int], *bounds: int | None) -> int | None:
    given = [bound for bound in bounds if bound is not None]
    return choose(given) if given else None
