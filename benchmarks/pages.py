"""Pages: what a page of the list costs, at its beginning and anywhere else, with filters and without."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmarks import workload
from benchmarks.bench import Bench
from benchmarks.row import Other, Row, at_most, at_most_times
from benchmarks.ruby_logster import LEVEL_WITHOUT_MATCH_MS, NEWEST_PAGE_MS, OLDER_PAGE_MS, ruby
from benchmarks.stopwatch import median_ms
from logster.store.cursor import Cursor
from logster.store.redis_store import RedisStore

LIMIT_MS = 3
FLAT = 1.5
_PAGE = 50
_TIMES = 40
_FILTERS: dict[str, list[int] | None] = {
    "no filter": None,
    "errors": [40],
    "warnings": [30],
    "two levels": [20, 30],
}
_NO_MATCH = [50]


def newest(bench: Bench, size: int) -> float:
    """Return the milliseconds of the newest page with whatever level filter takes longest."""
    store = bench.corpus(size).store
    return max(_page_ms(bench, store, levels=levels) for levels in _FILTERS.values())


def without_match(bench: Bench, size: int) -> float:
    """Return the milliseconds of a page of a level that no entry has."""
    return _page_ms(bench, bench.corpus(size).store, levels=_NO_MATCH)


def older(bench: Bench, size: int) -> float:
    """Return the milliseconds of a page from a random place."""
    corpus = bench.corpus(size)
    places = random.Random(size).choices(range(size), k=_TIMES)
    cursors = iter([str(Cursor(workload.time_of(place, size), workload.key_of(place))) for place in places])
    return bench.here(
        median_ms, call=lambda: corpus.store.page(before=next(cursors), limit=_PAGE), times=bench.times(_TIMES)
    )


def newest_rows(bench: Bench) -> Iterator[Row]:
    """The newest page, with any level filter."""
    yield from _rows(bench, "newest page, any level filter", newest, NEWEST_PAGE_MS)
    yield from _rows(bench, "newest page, level without match", without_match, LEVEL_WITHOUT_MATCH_MS)


def older_rows(bench: Bench) -> Iterator[Row]:
    """A page from anywhere."""
    yield from _rows(bench, "older page from anywhere", older, OLDER_PAGE_MS)


def _rows(
    bench: Bench, what: str, measure: Callable[[Bench, int], float], theirs: Mapping[int, float]
) -> Iterator[Row]:
    for size in bench.sizes:
        found = theirs.get(size)
        other = ruby(found, "ms") if found else None
        yield Row(f"{what}, of {size:,}", bench.at(size, measure), "ms", (at_most(LIMIT_MS),), other)
    first, last = bench.sizes[0], bench.sizes[-1]
    other = Other(f"of {first:,}", bench.at(first, measure))
    yield Row(f"{what}: flat", bench.at(last, measure), "ms", (at_most_times(FLAT),), other)


def _page_ms(bench: Bench, store: RedisStore, **arguments: Any) -> float:
    return bench.here(median_ms, call=lambda: store.page(limit=_PAGE, **arguments), times=bench.times(_TIMES))
