"""Candidates: the entries that a query may match, in the order of a list. Redis tells them by their search texts.

The list is walked as long as it yields enough. What hardly any entry has is faster found by reading all texts as they
lie, and putting what was found in order.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from logster.search.expression import stays_in_line
from logster.store.connection import Command
from logster.store.cursor import Cursor
from logster.store.listing import OLDER, Stretch
from logster.store.plausible import Expression, Found, plausible
from logster.store.script import Word, script
from logster.store.tenant import Tenant

if TYPE_CHECKING:
    from logster.search import Query

# Most pages are found at the top of the list, or not in the list's order.
_FIRST_ROWS = 100
_ROWS_A_CALL = 400
_TEXTS_A_CALL = 500
_PLACES_A_CALL = 200
# To put more than these in order would take as long as to walk on.
_MOST_SIFTED = 5_000
# How many texts are read as fast as one row is walked.
_TEXTS_A_ROW = 3


class _Walked(NamedTuple):
    """A part of the list: how many rows it has, which of them may match, and where the next one begins, if any does.

    `texts` is how many texts there are; 0 where not every entry has one.
    """

    rows: int
    keys: list[str]
    follows: Cursor | None
    texts: int


class Candidates:
    """Finds those of one query; what was read of the texts serves several walks.

    Arguments:
        tenant: whose entries.
        query: what they have to match.
    """

    def __init__(self, tenant: Tenant, query: "Query") -> None:
        self._tenant = tenant
        self._query = query
        self._literals, self._expressions = _prepared(tenant, query)
        self._may_sift = bool(self._literals or self._expressions)
        self._sifted: list[str] | None = None

    def along(self, stretch: Stretch, wanted: int) -> Iterator[list[str]]:
        """Yield keys in the order of a stretch, as many at a time as are wanted, or fewer.

        Arguments:
            stretch: where to look.
            wanted: how many matches are likely to be enough.
        """
        rows = found = 0
        while True:
            part = self._walk(stretch, wanted, _ROWS_A_CALL if rows or not self._may_sift else _FIRST_ROWS)
            rows, found = rows + part.rows, found + len(part.keys)
            yield from _in_chunks(part.keys, wanted)
            if part.follows is None:
                return
            stretch = stretch._replace(start=part.follows)
            if self._may_sift and self._is_sifting_faster(part.texts, rows, found, wanted):
                if (sifted := self._sift()) is not None:
                    yield from _in_chunks(self._in_order(sifted, stretch), wanted)
                    return
                self._may_sift = False

    def _walk(self, stretch: Stretch, wanted: int, rows: int) -> _Walked:
        asked = rows if self._expressions else wanted
        given = {
            "wanted": asked,
            "rows_at_most": rows,
            "with_text": 1 if self._expressions else "",
            **_conditions(self._query),
        }
        call = stretch.call(self._tenant, "scan", *self._literals, **given)
        walk, texts, trimmable, protected = self._tenant.run_trimmed([call, *_counts(self._tenant)])
        finished, score, key, walked, found = walk
        if self._expressions:
            found = plausible([Found(*each) for each in found], self._expressions)
        follows = None if finished else Cursor(int(score), key.decode())
        # What Redis has evicted has to be told by the entries themselves.
        readable = texts if texts >= trimmable + protected else 0
        return _Walked(walked, [each.decode() for each in found], follows, readable)

    def _is_sifting_faster(self, texts: int, rows: int, found: int, wanted: int) -> bool:
        if self._sifted is not None:
            return True
        if not texts or found >= wanted:
            return False
        return not found or rows * (wanted - found) * _TEXTS_A_ROW > texts * found

    def _sift(self) -> list[str] | None:
        """Return the keys of all entries that may match; None where there are too many to be put in order."""
        if self._sifted is None:
            keys: set[str] = set()
            for found in self._with_literals() if self._literals else self._with_expressions():
                keys.update(each.decode() for each in found)
                if len(keys) > _MOST_SIFTED:
                    return None
            self._sifted = list(keys)
        return self._sifted

    def _with_literals(self) -> Iterator[list[bytes]]:
        cursor: Any = 0
        while True:
            cursor, keys = self._tenant.run("sift", *self._literals, cursor=cursor, at_once=_TEXTS_A_CALL)
            yield keys
            if not int(cursor):
                return

    def _with_expressions(self) -> Iterator[list[bytes]]:
        cursor: Any = 0
        while True:
            command: Command = ["HSCAN", self._tenant.keys.texts, cursor, "COUNT", _TEXTS_A_CALL]
            cursor, texts = self._tenant.run_all([command])[0]
            found = self._completed([Found(key, text) for key, text in texts.items()])
            yield plausible(found, self._expressions) if found else []
            if not int(cursor):
                return

    def _completed(self, found: list[Found]) -> list[Found]:
        """Return entries with what their texts lack."""
        keys = self._tenant.keys
        lacking = [number for number, each in enumerate(found) if each.has_other_samples or each.is_long]
        commands: list[Command] = []
        for number in lacking:
            name = found[number].key.decode()
            commands += (["HMGET", keys.entry(name), "text", "env_base"], ["LRANGE", keys.env(name), "0", "-1"])
        answers = iter(self._tenant.run_all(commands) if commands else [])
        for number, (said, base), samples in zip(lacking, answers, answers, strict=True):
            each = found[number]
            envs = (base or b"", *samples) if each.has_other_samples else ()
            found[number] = Found(each.key, b"\n".join([each.text, said or b""]), envs)
        return found

    def _in_order(self, keys: Sequence[str], stretch: Stretch) -> list[str]:
        """Return those of some entries that lie in a stretch, in its order."""
        places: list[Cursor] = []
        for part in _in_chunks(keys, _PLACES_A_CALL):
            words = script("places").words([self._tenant.keys.prefix, *stretch.sets], part, {})
            scores = self._tenant.run_all([words])[0]
            places += (Cursor(int(score), key) for key, score in zip(part, scores, strict=True) if score)
        return [place.key for place in sorted(places, reverse=stretch.step == OLDER) if _is_within(place, stretch)]


def _is_within(place: Cursor, stretch: Stretch) -> bool:
    if stretch.since_ms is not None and place.last_seen < stretch.since_ms:
        return False
    if stretch.until_ms is not None and place.last_seen > stretch.until_ms:
        return False
    if stretch.start is None:
        return True
    return place < stretch.start if stretch.step == OLDER else place > stretch.start


def _in_chunks(keys: Sequence[str], size: int) -> Iterator[list[str]]:
    return (list(keys[start : start + size]) for start in range(0, len(keys), size))


def _counts(tenant: Tenant) -> list[Command]:
    keys = tenant.keys
    return [["HLEN", keys.texts], ["ZCARD", keys.trimmable], ["SCARD", keys.protected]]


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
