"""Bars over time: counts of occurrences as heights in a drawing, with the same in words. Draws nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from logster.entry import Bucket

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

HEIGHT = 60
WIDTH = 10
"""Of a bar with the gap after it, in the drawing's own units."""

# How far back a span goes, and how long each of its bars is; the last goes back as far as anything is kept.
SPANS: dict[str, tuple[int, int]] = {
    "day": (DAY_MS, HOUR_MS),
    "week": (7 * DAY_MS, 6 * HOUR_MS),
    "month": (30 * DAY_MS, DAY_MS),
    "all": (90 * DAY_MS, 3 * DAY_MS),
}


@dataclass(frozen=True)
class Bar:
    """What happened from `start` until `end`; `height` is what of the drawing it fills."""

    start: int
    end: int
    count: int
    height: float


@dataclass(frozen=True)
class Chart:
    """The bars of a span, oldest first."""

    span: str
    bars: tuple[Bar, ...]

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)

    @property
    def highest(self) -> Bar:
        """The bar with most in it, the newest of several."""
        return max(self.bars, key=lambda bar: (bar.count, bar.start))

    @property
    def filled(self) -> list[Bar]:
        """The bars with anything in them, newest first."""
        return [bar for bar in reversed(self.bars) if bar.count]

    @property
    def width(self) -> int:
        return WIDTH * len(self.bars)


def span_of(wanted: str, first_seen: int, last_seen: int, now_ms: int) -> str:
    """Return the span that an address names, or else the shortest one that shows something of worth."""
    if wanted in SPANS:
        return wanted
    reach = now_ms - max(first_seen, last_seen - DAY_MS)
    return next((name for name, (length, _) in SPANS.items() if reach <= length), "all")


def since(span: str, now_ms: int) -> int:
    """Return when the first bar of a span begins: bars end on round times, the newest with the present."""
    length, step = SPANS[span]
    return (now_ms // step + 1) * step - length


def chart(span: str, hours: Sequence[Bucket], now_ms: int) -> Chart:
    """Return the hours of a span as bars."""
    length, step = SPANS[span]
    first = since(span, now_ms)
    counts = [0] * (length // step)
    for hour in hours:
        place = (hour.start - first) // step
        if 0 <= place < len(counts):
            counts[place] += sum(hour.counts.values())
    highest = max(counts, default=0)
    return Chart(
        span,
        tuple(
            Bar(first + place * step, first + (place + 1) * step, count, _height(count, highest))
            for place, count in enumerate(counts)
        ),
    )


def _height(count: int, highest: int) -> float:
    # What happened once is seen even beside what happened a thousand times.
    return round(max(count / highest * HEIGHT, 2), 1) if count else 0
