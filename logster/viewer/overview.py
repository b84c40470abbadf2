"""What the list shows: its rows with their last day, and when what it shows happened.

Gathers it, and draws what is large of it once for all readers at the same place who are answered together.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from logster.entry import Entry, Page
from logster.store.listing import cursor_of
from logster.store.redis_store import RedisStore
from logster.viewer import sparkline
from logster.viewer.bars import bars
from logster.viewer.histogram import ENTRIES_AT_MOST, Histogram, of_matches, overall
from logster.viewer.listing import Listing
from logster.viewer.marking import Marker, marker, unmarked
from logster.viewer.place import Place
from logster.viewer.reach import LONGEST_MS
from logster.viewer.rendering import part
from logster.viewer.rows import rows

_PLACES = 20


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
    marked = marker(listing.query if listing.text else None)
    return {
        "listing": page,
        "rows": _rows(page.entries, marked, sparkline.sparklines(page.entries, columns)),
        "histogram": _histogram(drawing) if drawing else None,
        "marked": marked,
    }


def nothing_listed() -> dict[str, Any]:
    return {"listing": Page([]), "rows": lambda *_: Markup(), "histogram": None, "marked": unmarked, "mistake": None}


def _rows(entries: Sequence[Entry], marked: Marker, sparks: Mapping[str, str]) -> Callable[[Place, int], Markup]:
    """Return what draws the rows for readers at a place, from the seconds since the epoch."""

    @lru_cache(_PLACES)
    def draw(place: Place, seconds: int) -> Markup:
        return rows(entries, place.links("key"), place.get("key"), marked, sparks, seconds * 1_000)

    return draw


def _histogram(drawing: Histogram) -> Callable[[Place], Markup]:
    """Return what draws the histogram for readers at a place."""

    @lru_cache(_PLACES)
    def draw(place: Place) -> Markup:
        address_of = place.without("before", "after").links("during")
        return part("_histogram.html", histogram=drawing, bars=bars(drawing, address_of))

    return draw


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
