"""What the list shows: its rows with their last day, and when what it shows happened. Gathers, and renders nothing."""

from collections.abc import Sequence
from typing import Any

from logster.entry import Entry, Page
from logster.store.listing import cursor_of
from logster.store.redis_store import RedisStore
from logster.viewer import sparkline
from logster.viewer.bars import bars
from logster.viewer.histogram import ENTRIES_AT_MOST, Histogram, of_matches, overall
from logster.viewer.listing import Listing
from logster.viewer.marking import marker, unmarked
from logster.viewer.reach import LONGEST_MS
from logster.viewer.rows import rows


def listed(store: RedisStore, listing: Listing, now_ms: int) -> dict[str, Any]:
    """Return what the templates of the list need."""
    found = _found(store, listing)
    page = _cut(found, listing.limit)
    last_day = {"since_ms": sparkline.begin(now_ms), "until_ms": now_ms}
    keys = sparkline.drawn(page.entries)
    if listing.is_newest and not listing.text:
        glance = store.glance(keys, **last_day, overall_since_ms=now_ms - LONGEST_MS)
        columns = glance.hours
        drawing = overall(store, listing, now_ms, glance) if found.entries or listing.during else None
    else:
        columns = store.hours(keys, **last_day)
        drawing = _of_matches(store, listing, found, now_ms) if listing.is_newest else None
    return {
        "listing": page,
        "rows": rows,
        "bars": bars,
        "sparklines": sparkline.sparklines(page.entries, columns),
        "marked": marker(listing.query if listing.text else None),
        "histogram": drawing,
    }


def nothing_listed() -> dict[str, Any]:
    return {
        "listing": Page([]),
        "rows": rows,
        "bars": bars,
        "sparklines": {},
        "histogram": None,
        "marked": unmarked,
        "mistake": None,
    }


def _found(store: RedisStore, listing: Listing) -> Page:
    # The histogram of a query adds up its matches, which are those of the list and some more: found at once.
    return listing.fetch(store, max(listing.limit, ENTRIES_AT_MOST) if _has_own_histogram(listing) else listing.limit)


def _has_own_histogram(listing: Listing) -> bool:
    return listing.is_newest and bool(listing.text) and listing.during is None


def _cut(page: Page, limit: int) -> Page:
    if len(page.entries) <= limit:
        return page
    entries = page.entries[:limit]
    return Page(entries, cursor_of(entries[-1]), page.previous, page.total)


def _of_matches(store: RedisStore, listing: Listing, found: Page, now_ms: int) -> Histogram | None:
    if listing.during:
        # A span is seen among the others: those of the query without it.
        found = listing.anytime().fetch(store, ENTRIES_AT_MOST)
    matches: Sequence[Entry] = found.entries
    return of_matches(store, listing, now_ms, matches, more=bool(found.next)) if matches else None
