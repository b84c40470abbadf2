"""Pages of the rows that a query matches. Redis narrows the candidates down, the query itself decides."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from logster.entry import Entry, Page
from logster.search.expression import stays_in_line
from logster.search.subject import Row
from logster.store import codec, details, timeline
from logster.store.cursor import Cursor
from logster.store.listing import Stretch, levels_of, page_of
from logster.store.plausible import Expression, plausible
from logster.store.script import Word
from logster.store.tenant import Tenant

if TYPE_CHECKING:
    from logster.search import Query

Span = tuple[int, int]

_MOST_TEXTS = 200


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
    matches = list(islice(_matches(tenant, stretch, query, limit + 1, during), limit + 1))
    entries, follows = matches[:limit], len(matches) > limit
    behind = bool(entries) and stretch.start is not None and _any_behind(tenant, stretch, query, entries[0], during)
    total = None if follows or stretch.start else len(entries)
    return page_of(entries, stretch.step, follows, behind, total)


def _any_behind(tenant: Tenant, stretch: Stretch, query: "Query", first: Entry, during: Span | None) -> bool:
    back = stretch._replace(start=Cursor(first.last_seen, first.key), step=-stretch.step)
    return any(True for _ in islice(_matches(tenant, back, query, 1, during), 1))


def _matches(tenant: Tenant, stretch: Stretch, query: "Query", wanted: int, during: Span | None) -> Iterator[Entry]:
    for keys in _candidates(tenant, stretch, query, wanted):
        if during is None:
            yield from _verified(tenant, keys, query)
        else:
            matches = _verified(tenant, _occurred(tenant, keys, during), query)
            # Hours are what is known of occurrences; the first and the last are known to the millisecond.
            yield from (entry for entry in matches if entry.first_seen <= during[1] and entry.last_seen >= during[0])


def _candidates(tenant: Tenant, stretch: Stretch, query: "Query", wanted: int) -> Iterator[list[str]]:
    """Yield keys of entries that may match, few at a time."""
    finished, asked = False, wanted
    literals, expressions = _prepared(tenant, query)
    while not finished:
        given = {"wanted": asked, "with_text": 1 if expressions else "", **_conditions(query)}
        call = stretch.call(tenant, "scan", *literals, **given)
        finished, score, key, found = tenant.run_trimmed([call])[0]
        if expressions:
            found = plausible(found, expressions)
            asked = _MOST_TEXTS
        keys = [key.decode() for key in found]
        yield from (keys[start : start + wanted] for start in range(0, len(keys), wanted))
        if not finished:
            stretch = stretch._replace(start=Cursor(int(score), key.decode()))


def _prepared(tenant: Tenant, query: "Query") -> tuple[list[Word], list[Expression]]:
    """Return what a query requires, each literal and expression with the shared stacks in which it occurs."""
    if not (query.required or query.loosened):
        return [], []
    # Here and not by Redis, which would have to look at all of them again for every few entries.
    tenant.check()
    shared = tenant.pool.texts()
    literals: list[Word] = []
    for literal in query.required:
        literals += (literal, shared.having(literal.encode()))
    return literals, [
        Expression(each, shared.matching(each) if stays_in_line(each.pattern) else None) for each in query.loosened
    ]


def _conditions(query: "Query") -> dict[str, Word]:
    # Solved entries have lists of their own, so that no row has to be asked.
    return {
        "flags": " ".join(query.flags_required - {"solved"}),
        "forbidden": " ".join(query.flags_forbidden - {"solved"}),
        "min_count": "" if query.min_count is None else query.min_count,
        "max_count": "" if query.max_count is None else query.max_count,
    }


def _occurred(tenant: Tenant, keys: list[str], during: Span) -> list[str]:
    """Return those entries that have an occurrence in a span."""
    return [key for key, counts in zip(keys, timeline.of_entries(tenant, keys, *during), strict=True) if any(counts)]


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
