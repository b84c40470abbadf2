"""Sparkline: an entry's last day as one small drawing, an hour a bar. Draws nothing itself: says the path."""

from collections.abc import Sequence
from functools import lru_cache

from logster.entry import Entry

HOURS = 24
WIDTH, HEIGHT = 72, 18
_HOUR_MS = 3_600_000
_PITCH, _BAR = 3, 2
# Of a group so many members are drawn, the newest: the shape is theirs, however many there are.
_MEMBERS = 10


def begin(now_ms: int) -> int:
    """Return from when on a drawing tells what happened, in milliseconds since the epoch."""
    return now_ms - (HOURS - 1) * _HOUR_MS


def drawn(entries: Sequence[Entry]) -> list[str]:
    """Return the keys of the entries whose hours are drawn for rows."""
    return [key for entry in entries for key in _members(entry)]


def sparklines(entries: Sequence[Entry], columns: Sequence[Sequence[int]]) -> dict[str, str]:
    """Return the path of each row's drawing by its key.

    Arguments:
        entries: the rows.
        columns: the hours of the entries that are drawn for them.
    """
    found = iter(columns)
    return {entry.key: path(_sum([next(found) for _ in _members(entry)])) for entry in entries}


def _members(entry: Entry) -> Sequence[str]:
    return entry.group.members[:_MEMBERS] if entry.group else (entry.key,)


def _sum(columns: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(columns[0]) if len(columns) == 1 else tuple(map(sum, zip(*columns, strict=True)))


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
