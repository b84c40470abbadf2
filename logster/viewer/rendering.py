"""Templates to HTML: the one Jinja environment of the viewer, and the words it has for times, numbers and values."""

from collections.abc import Hashable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from logster.entry import LEVELS, Entry
from logster.recall import Memo
from logster.viewer.assets import VERSION
from logster.viewer.syntax import SYNTAX
from logster.viewer.visit import visit_of

_ROW_CHARACTERS = 300
_UNITS = ((60, 1, "s"), (3_600, 60, "m"), (86_400, 3_600, "h"), (86_400 * 14, 86_400, "d"))
_WEEK = 7 * 86_400
_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """Return `template` as an answer."""
    visit = visit_of(request)
    html = _environment.get_template(template).render(
        base=visit.base,
        static=f"{visit.base}static/{VERSION}/",
        settings=visit.settings,
        token=visit.token,
        visitor=visit.visitor,
        may_change=visit.may_change,
        live="wsgi_environ" not in request.scope,
        **context,
    )
    # A lone surrogate is no text for a browser; everything else is.
    return HTMLResponse(html.encode("utf-8", "replace"), status)


def fragment(template: str, **context: Hashable) -> Markup:
    """Return a part of a page, which is rendered once for all pages on which it is the same.

    Arguments:
        template: the part.
        context: all that it depends on; the template knows nothing else but the environment's globals.
    """
    return _fragments((template, *context.items()))


def part(template: str, **context: Any) -> Markup:
    """Return a part of a page, which knows nothing else but the environment's globals."""
    return Markup(_environment.get_template(template).render(context))  # noqa: S704 - a template's own work


def _rendered(key: Any) -> Markup:
    template, *context = key
    return part(template, **dict(context))


_fragments: Memo[Markup] = Memo(_rendered, 1_000_000, weight=len)


def badges(entry: Entry) -> str:
    """Return what a row or a heading says of an entry's state, as HTML."""
    return _environment.get_template("_words.html").module.badges(entry)  # type: ignore[attr-defined,no-any-return]


def ago(moment_ms: int, now_ms: int) -> str:
    """Return how long ago a moment was, in the shortest form that says enough: 12s, 5m, 3h, 2d, 6w."""
    seconds = max(now_ms - moment_ms, 0) // 1_000
    for below, unit, letter in _UNITS:
        if seconds < below:
            return f"{seconds // unit}{letter}" if seconds >= 5 else "now"
    return f"{seconds // _WEEK}w"


def iso(moment_ms: int) -> str:
    """Return a moment for machines, in UTC."""
    return f"{_moment(moment_ms).isoformat(timespec='milliseconds')[:-6]}Z"


def stamp(moment_ms: int) -> str:
    """Return a moment for readers, in UTC."""
    return f"{_moment(moment_ms).isoformat(' ', 'seconds')[:-6]} UTC"


def iso_and_stamp(moment_ms: int) -> tuple[str, str]:
    """Return a moment as `iso` and as `stamp` do, for less than the cost of one: many moments are of few days."""
    day, rest = divmod(moment_ms, _DAY_MS)
    minutes, milliseconds = divmod(rest, _MINUTE_MS)
    when = _date(day)
    if when is None:
        return iso(moment_ms), stamp(moment_ms)
    time = f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1_000:02}"
    return f"{when}T{time}.{milliseconds % 1_000:03}Z", f"{when} {time} UTC"


def axis(moment_ms: int, step_ms: int) -> str:
    """Return a moment as the end of an axis with bars of `step_ms`: days need no time of day."""
    moment = _moment(moment_ms)
    day = f"{moment:%b} {moment.day}"
    return day if step_ms >= _DAY_MS else f"{day}, {moment:%H:%M} UTC"


def hours(length_ms: int) -> str:
    """Return a length of time in minutes, hours or days."""
    units = ((_DAY_MS, "day"), (_HOUR_MS, "hour"), (_MINUTE_MS, "minute"))
    count, unit = next((length_ms // unit_ms, unit) for unit_ms, unit in units if length_ms % unit_ms == 0)
    return f"{count} {unit}{'' if count == 1 else 's'}"


@lru_cache(maxsize=256)
def _date(day: int) -> str | None:
    """Return the day so many days after 1970 began; None where the calendar has none."""
    try:
        return (date(1970, 1, 1) + timedelta(day)).isoformat()
    except OverflowError:
        return None


def _moment(moment_ms: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=moment_ms)
    except OverflowError:
        return _EPOCH


def number(value: int) -> str:
    """Return a count with thousands apart."""
    return f"{value:,}"


def brief(value: int) -> str:
    """Return a count that fits a column: 9,999, then 12k, 3.4M."""
    if value < 10_000:
        return number(value)
    if value < 1_000_000:
        return f"{value // 1_000}k"
    return f"{value / 1_000_000:.1f}M"


def headline(message: str) -> str:
    """Return the part of a message that a row shows: its first line with anything in it."""
    # What is printable has no line breaks of any kind.
    lines = [message] if message.isprintable() else message.splitlines()
    line = next((stripped for line in lines if (stripped := line.strip())), "")
    return line if len(line) <= _ROW_CHARACTERS else line[:_ROW_CHARACTERS] + "…"


def outline(value: Any) -> str:
    """Return what stands for a value that is folded: how much there is of it."""
    if isinstance(value, str):
        return f"{len(value):,} {'character' if len(value) == 1 else 'characters'}"
    if isinstance(value, dict):
        return f"{len(value):,} {'key' if len(value) == 1 else 'keys'}"
    if isinstance(value, list):
        return f"{len(value):,} {'item' if len(value) == 1 else 'items'}"
    return "1 value"


def as_json(value: Any) -> str:
    """Return a value that is nested too deeply for tables, as text."""
    try:
        return msgspec.json.format(msgspec.json.encode(value)).decode()
    except (RecursionError, TypeError, ValueError):
        return "… (nested too deeply to show)"


_environment = Environment(
    loader=PackageLoader("logster.viewer"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,  # else each template's file is looked at again for each page
)
_environment.globals |= {
    "fragment": fragment,
    "levels": [name for _, name in sorted(LEVELS.items(), reverse=True)],
    "syntax": SYNTAX,
}
_environment.filters |= {
    "ago": ago,
    "as_json": as_json,
    "axis": axis,
    "brief": brief,
    "headline": headline,
    "hours": hours,
    "iso": iso,
    "number": number,
    "outline": outline,
    "stamp": stamp,
}
