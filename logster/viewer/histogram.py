"""Histogram: what happened when, by level, for what the list shows. Says where bars stand; templates draw them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from logster.entry import LEVELS, Bucket, Entry
from logster.store.redis_store import Glance, RedisStore
from logster.viewer.listing import Listing
from logster.viewer.reach import HOUR_MS, Reach, reach

HEIGHT = 40
ENTRIES_AT_MOST = 200
"""Of a query's matches so many are added up, the newest."""

_SHARE = 0.8
_LEAST = 1.5

# The worst stands at the bottom, where heights compare best.
_ORDER = tuple(name for _, name in sorted(LEVELS.items(), reverse=True))


class Part(NamedTuple):
    """The occurrences of one level in a bar; `y` and `height` in pixels."""

    level: str
    occurrences: int
    y: float
    height: float


class Bar(NamedTuple):
    """What happened from `start` until `end`; `x` in percent of the drawing's width."""

    start: int
    end: int
    x: float
    occurrences: int
    parts: tuple[Part, ...]
    is_chosen: bool

    @property
    def during(self) -> str:
        return f"{self.start}-{self.end - 1}"

    @property
    def words(self) -> str:
        """How many of which level, in words."""
        return ", ".join(f"{part.occurrences:,} {part.level.lower()}" for part in self.parts)


@dataclass(frozen=True)
class Deploy:
    """The first sight of versions of the app, `x` percent from the left."""

    time: int
    x: float
    versions: tuple[str, ...]


@dataclass(frozen=True)
class Histogram:
    """Bars from `start` until `end`, oldest first, those in which anything happened.

    `entries` says of how many entries they tell, where not of all; `has_chosen` whether a span is chosen within them.
    """

    start: int
    end: int
    step: int
    bars: tuple[Bar, ...]
    deploys: tuple[Deploy, ...] = ()
    entries: int = 0
    has_chosen: bool = False

    @property
    def places(self) -> int:
        """For how many bars there is room."""
        return (self.end - self.start) // self.step

    @property
    def pitch(self) -> float:
        """From one bar to the next, in percent."""
        return round(100 / self.places, 4)

    @property
    def width(self) -> float:
        """Of a bar, in percent."""
        return round(self.pitch * _SHARE, 4)

    @property
    def total(self) -> int:
        return sum(bar.occurrences for bar in self.bars)


def overall(store: RedisStore, listing: Listing, now_ms: int, glance: Glance) -> Histogram | None:
    """Return the bars of all occurrences, or nothing where nothing ever happened.

    Arguments:
        store: where the minutes are.
        listing: what is listed.
        now_ms: until when, where the listing does not say.
        glance: the hours in which anything happened, and the deploys.
    """
    hours = [hour for hour in _of_levels(listing, glance.happened) if hour.counts]
    found = reach(listing, now_ms, hours[0].start if hours else None, has_minutes=True)
    if found is None:
        return None
    if found.is_by_minute:
        minutes = store.happened(resolution="minute", since_ms=found.start, until_ms=found.end - 1)
        return _drawn(found, _of_levels(listing, minutes), listing, glance.deploys)
    return _drawn(found, hours, listing, glance.deploys)


def of_matches(
    store: RedisStore, listing: Listing, now_ms: int, matches: Sequence[Entry], *, more: bool
) -> Histogram | None:
    """Return the bars of the entries that a query matches, or nothing where nothing ever happened.

    Arguments:
        store: where the counts are.
        listing: what is listed.
        now_ms: until when, where the listing does not say.
        matches: the entries.
        more: whether there are more of them.
    """
    found = reach(listing, now_ms, min(entry.first_seen for entry in matches), has_minutes=False)
    if found is None:
        return None
    counts = _added(store, matches, found.start, found.end)
    deploys = store.deploys(since_ms=found.start, until_ms=found.end)
    return _drawn(found, counts, listing, deploys, len(matches) if more else 0)


def _drawn(
    found: Reach, counts: Iterable[Bucket], listing: Listing, deploys: Iterable[tuple[int, str]], entries: int = 0
) -> Histogram:
    start, end = found.start, found.end
    seen = [deploy for deploy in deploys if start <= deploy[0] <= end]
    bars = _bars(counts, start, end, found.step, listing.during)
    has_chosen = _overlaps(listing.during, start, end)
    return Histogram(start, end, found.step, bars, tuple(_deploys(seen, start, end)), entries, has_chosen)


def _of_levels(listing: Listing, buckets: Sequence[Bucket]) -> Sequence[Bucket]:
    if not listing.levels:
        return buckets
    wanted = {LEVELS[level] for level in listing.levels}
    return [
        Bucket(bucket.start, {level: count for level, count in bucket.counts.items() if level in wanted})
        for bucket in buckets
    ]


def _added(store: RedisStore, entries: Sequence[Entry], start: int, end: int) -> Iterable[Bucket]:
    """Yield the hours of several entries together; what an entry counted is of the level that it has now."""
    columns = store.hours([entry.key for entry in entries], since_ms=start, until_ms=end - 1)
    for entry, counts in zip(entries, columns, strict=True):
        for back, count in enumerate(reversed(counts), start=1):
            if count:
                yield Bucket(end - back * HOUR_MS, {entry.level: count})


def _bars(
    buckets: Iterable[Bucket], start: int, end: int, step: int, chosen: tuple[int, int] | None
) -> tuple[Bar, ...]:
    counts: dict[int, dict[str, int]] = {}
    for bucket in buckets:
        if start <= bucket.start < end and bucket.counts:
            at = counts.setdefault((bucket.start - start) // step, {})
            for level, count in bucket.counts.items():
                at[level] = at.get(level, 0) + count
    totals = {place: sum(each.values()) for place, each in counts.items()}
    highest, share = max(totals.values(), default=0), 100 * step / (end - start)
    bars = []
    for place in sorted(place for place, total in totals.items() if total):
        begin = start + place * step
        parts, is_chosen = _parts(tuple(counts[place].items()), highest), _overlaps(chosen, begin, begin + step)
        bars.append(Bar(begin, begin + step, round(place * share, 4), totals[place], parts, is_chosen))
    return tuple(bars)


def _overlaps(chosen: tuple[int, int] | None, begin: int, end: int) -> bool:
    return chosen is not None and chosen[0] < end and begin <= chosen[1]


# Most bars are as they were on the page before.
@lru_cache(maxsize=1_000)
def _parts(counted: tuple[tuple[str, int], ...], highest: int) -> tuple[Part, ...]:
    counts = dict(counted)
    parts: list[Part] = []
    floor = float(HEIGHT)
    for level in _ORDER:
        if count := counts.get(level, 0):
            # One error is seen even beside a thousand lines of debugging.
            height = min(max(count / highest * HEIGHT, _LEAST), floor)
            floor -= height
            parts.append(Part(level, count, round(floor, 2), round(height, 2)))
    return tuple(parts)


def _deploys(found: Sequence[tuple[int, str]], start: int, end: int) -> Iterable[Deploy]:
    """Yield one mark for versions too close together to tell apart."""
    waiting: list[tuple[int, str]] = []
    for time, version in found:
        if waiting and time - waiting[0][0] > (end - start) / 100:
            yield _deploy(waiting, start, end)
            waiting = []
        waiting.append((time, version))
    if waiting:
        yield _deploy(waiting, start, end)


def _deploy(found: Sequence[tuple[int, str]], start: int, end: int) -> Deploy:
    time = found[0][0]
    return Deploy(time, round((time - start) / (end - start) * 100, 2), tuple(version for _, version in found))
