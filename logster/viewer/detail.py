"""What the detail of one entry shows: gathers it for the pages, and nothing that the chosen tab does not need."""

from typing import Any

from logster.entry import LEVEL_NUMBERS, Entry, Env, level_name
from logster.links import Links
from logster.redaction import Redactor
from logster.store.remains import Deleted
from logster.viewer import samples, stack
from logster.viewer.breadcrumbs import breadcrumbs, without_breadcrumbs
from logster.viewer.chart import SPANS, chart, since, span_of
from logster.viewer.curl import curl
from logster.viewer.listing import now_ms
from logster.viewer.marking import is_found, marked_pieces, marker_of
from logster.viewer.place import Place
from logster.viewer.similar import similar
from logster.viewer.title import title
from logster.viewer.visit import Visit

TABS = ("info", "traceback", "env", "timeline")

# What a template may call; each works on entries and frames alone.
WORDS: dict[str, Any] = {
    "breadcrumbs": breadcrumbs,
    "chain": stack.chain,
    "culprit": stack.culprit,
    "gist": samples.gist,
    "is_found": is_found,
    "level_numbers": LEVEL_NUMBERS,
    "library": stack.library,
    "marked_pieces": marked_pieces,
    "short_path": stack.short_path,
    "source": stack.source,
    "spans": tuple(SPANS),
    "stretches": stack.stretches,
    "title_of": title,
    "without_breadcrumbs": without_breadcrumbs,
    "without_time": samples.without_time,
}


def nothing_selected() -> dict[str, Any]:
    return {"entry": None, "missing": "", "tab": TABS[0], "window": samples.Window(None, 0, 0)}


def selected(visit: Visit, key: str, place: Place) -> dict[str, Any]:
    """Return what the templates of the detail need to show an entry, if there is one.

    Arguments:
        visit: who asks.
        key: the entry's.
        place: which of its parts, and of its env samples which.
    """
    entry = visit.store.entry(key)
    if entry is None:
        return nothing_selected() | _gone(visit, key, place)
    now = now_ms()
    tab = place.get("tab") if place.get("tab") in TABS else TABS[0]
    window = samples.window(entry, visit.store.env_samples(key), place.get("env"), place.get("q"), now)
    shown: dict[str, Any] = {
        "entry": entry,
        "missing": "",
        "marked": marker_of(place.get("q"), now),
        "tab": tab,
        "window": window,
        "links": Links(visit.settings),
        "version": entry.versions[0] if entry.versions else "",
        "members": visit.store.entries(entry.group.members) if entry.group else [],
        "has_curl": bool(request_of(visit, window.sample)),
    }
    return shown | (_timeline(visit, entry, place, now) if tab == "timeline" else {})


def _gone(visit: Visit, key: str, place: Place) -> dict[str, Any]:
    return {
        "missing": key,
        "remains": visit.store.remains(key),
        "restored_place": place.changed(key=key),
        "level_of": level_name,
        "like": _search_for_alike,
    }


def _search_for_alike(entry: Deleted) -> str:
    """Return the address, below the mount, of a search for what has the same exception, or else the same logger."""
    field, value = ("type", entry.exception.type) if entry.exception else ("logger", entry.logger)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return Place("", [("q", f'{field}:"{escaped}"')]).link()


def request_of(visit: Visit, sample: Env | None) -> str:
    """Return the command that repeats the request of an env sample, or "" where it is of none."""
    if not sample:
        return ""
    settings = visit.settings
    return curl(sample, Redactor(settings.redact_keys), settings.request_headers)


def _timeline(visit: Visit, entry: Entry, place: Place, now: int) -> dict[str, Any]:
    span = span_of(place.get("span"), entry.first_seen, entry.last_seen, now)
    hours = visit.store.timeline(entry.key, since_ms=since(span, now), until_ms=now)
    return {"chart": chart(span, hours, now), "similar": similar(visit.store, entry)}
