"""Reach: from when until when a histogram tells, and in which steps. Knows times only, not what happened in them."""

from dataclasses import dataclass

from logster.viewer.listing import Listing

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

LONGEST_MS = 90 * DAY_MS

_BARS_AT_MOST = 62
_MINUTES = tuple(minutes * MINUTE_MS for minutes in (1, 5))
_HOURS = tuple(hours * HOUR_MS for hours in (1, 3, 6, 12, 24, 48, 72))
# What is younger is drawn by the minute, so that a fresh log is more than a single bar.
_FRESH_MS = 5 * HOUR_MS
# By the hour a bar as wide as the page would tell nothing.
_SHORTEST_BY_HOUR_MS = 11 * HOUR_MS


@dataclass(frozen=True)
class Reach:
    """Milliseconds since the epoch, from `start` to before `end`, in steps of whole minutes or hours."""

    start: int
    end: int
    step: int

    @property
    def is_by_minute(self) -> bool:
        return self.step < HOUR_MS


def reach(listing: Listing, now_ms: int, oldest_ms: int | None, *, has_minutes: bool) -> Reach | None:
    """Return the reach as asked for, or else from where what is listed begins, an hour ago at least.

    Arguments:
        listing: what is listed.
        now_ms: until when, where the listing does not say.
        oldest_ms: when it first happened; None where nothing is known to have happened.
        has_minutes: whether more than its hours are known.
    """
    until = min(listing.until_ms or now_ms, now_ms)
    since = _since(listing, until, oldest_ms)
    if since is None:
        return None
    is_by_minute = has_minutes and now_ms - since <= _FRESH_MS
    if not is_by_minute and listing.since_ms is None:
        since = min(since, until - _SHORTEST_BY_HOUR_MS)
    steps = _MINUTES if is_by_minute else _HOURS
    step = next((each for each in steps if (until - since) / each <= _BARS_AT_MOST - 1), steps[-1])
    end = (until // step + 1) * step
    return Reach(max(since // step * step, end - _BARS_AT_MOST * step), end, step)


def _since(listing: Listing, until: int, oldest_ms: int | None) -> int | None:
    if listing.since_ms is not None:
        return min(max(listing.since_ms, until - LONGEST_MS), until)
    begins = [moment for moment in (oldest_ms, listing.during[0] if listing.during else None) if moment is not None]
    return max(min(*begins, until - HOUR_MS), until - LONGEST_MS) if begins else None
