"""Sparkline: an entry's last day as one small drawing, an hour a bar. Draws nothing itself: says the path."""

from collections.abc import Sequence
from functools import lru_cache

from logster.entry import Entry
from logster.store.redis_store import RedisStore

HOURS = 24
WIDTH, HEIGHT = 72, 18
_HOUR_MS = 3_600_000
_PITCH, _BAR = 3, 2
# Of a group so many members are drawn, the newest: the shape is theirs, however many there are.
_MEMBERS = 10


def sparklines(store: RedisStore, entries: Sequence[Entry], now_ms: int) -> dict[str, str]:
    """Return the path of each entry's drawing by its key; one round trip for all of them."""
    members = [entry.group.members[:_MEMBERS] if entry.group else [entry.key] for entry in entries]
    keys = [key for each in members for key in each]
    found = iter(store.hours(keys, since_ms=now_ms - (HOURS - 1) * _HOUR_MS, until_ms=now_ms))
    return {
        entry.key: path(tuple(next(found) if len(each) == 1 else _sum([next(found) for _ in each])))
        for entry, each in zip(entries, members, strict=True)
    }


def _sum(columns: Sequence[Sequence[int]]) -> list[int]:
    return [sum(hour) for hour in zip(*columns, strict=True)]


# Most entries of a page have one of few shapes.
@lru_cache(maxsize=1_000)
def path(counts: tuple[int, ...]) -> str:
    """Return bars for counts, the highest as high as the drawing; nothing where nothing happened."""
    highest = max(counts, default=0)
    bars = []
    for place, count in enumerate(counts):
        if count:
            height = max(2, round(count / highest * (HEIGHT - 1)))
            bars.append(f"M{place * _PITCH} {HEIGHT}v-{height}h{_BAR}v{height}z")
    return "".join(bars)
