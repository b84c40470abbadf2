"""Histogram: what happened when, by level, for what the list shows. Says where bars stand; templates draw them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from logster.entry import LEVELS, Bucket, Entry
from logster.store.redis_store import RedisStore
from logster.store.timeline import Resolution
from logster.viewer.listing import Listing
from logster.viewer.reach import HOUR_MS, LONGEST_MS, reach

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
    """Bars from `start` until `end`, oldest first; `entries` says of how many entries they tell, where not of all."""

    start: int
    end: int
    step: int
    bars: tuple[Bar, ...]
    deploys: tuple[Deploy, ...] = ()
    entries: int = 0
    pitch: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pitch", round(100 / len(self.bars), 4))

    @property
    def width(self) -> float:
        """Of a bar, in percent."""
        return round(self.pitch * _SHARE, 4)

    @property
    def filled(self) -> list[Bar]:
        return [bar for bar in self.bars if bar.occurrences]

    @property
    def total(self) -> int:
        return sum(bar.occurrences for bar in self.bars)

    @property
    def has_chosen(self) -> bool:
        return any(bar.is_chosen for bar in self.bars)


def histogram(
    store: RedisStore, listing: Listing, now_ms: int, matches: Sequence[Entry] | None, *, more: bool
) -> Histogram | None:
    """Return the bars for a listing, or nothing where nothing ever happened.

    Arguments:
        store: where the counts are.
        listing: what is listed.
        now_ms: until when, where the listing does not say.
        matches: the entries that a query matches; None without one: then all occurrences count.
        more: whether there are more matches.
    """
    hours = _hours(store, listing, now_ms) if matches is None else []
    found = reach(listing, now_ms, _first(hours, matches), has_minutes=matches is None)
    if found is None:
        return None
    start, end = found.start, found.end
    if found.is_by_minute:
        counts = _overall(store, listing, start, end, "minute")
    else:
        counts = _added(store, matches, start, end) if matches else hours
    return Histogram(
        start,
        end,
        found.step,
        _bars(counts, start, end, found.step, listing.during),
        tuple(_deploys(store.deploys(since_ms=start, until_ms=end), start, end)),
        len(matches) if matches is not None and more else 0,
    )


def _hours(store: RedisStore, listing: Listing, until: int) -> list[Bucket]:
    return [hour for hour in _overall(store, listing, until - LONGEST_MS, until + 1, "hour") if hour.counts]


def _first(hours: Sequence[Bucket], entries: Sequence[Entry] | None) -> int | None:
    return min((entry.first_seen for entry in entries), default=None) if entries else hours[0].start if hours else None


def _overall(store: RedisStore, listing: Listing, start: int, end: int, resolution: Resolution) -> Iterable[Bucket]:
    found = store.happened(resolution=resolution, since_ms=start, until_ms=end - 1)
    if not listing.levels:
        return found
    wanted = {LEVELS[level] for level in listing.levels}
    return [
        Bucket(bucket.start, {level: count for level, count in bucket.counts.items() if level in wanted})
        for bucket in found
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
    counts: list[dict[str, int]] = [{} for _ in range(start, end, step)]
    for bucket in buckets:
        if not start <= bucket.start < end:
            continue
        at = counts[(bucket.start - start) // step]
        for level, count in bucket.counts.items():
            at[level] = at.get(level, 0) + count
    highest = max((sum(each.values()) for each in counts), default=0)
    bars = []
    for place, each in enumerate(counts):
        begin = start + place * step
        is_chosen = chosen is not None and chosen[0] < begin + step and begin <= chosen[1]
        x = round(place * 100 / len(counts), 4)
        bars.append(Bar(begin, begin + step, x, sum(each.values()), _parts(each, highest), is_chosen))
    return tuple(bars)


def _parts(counts: dict[str, int], highest: int) -> tuple[Part, ...]:
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
