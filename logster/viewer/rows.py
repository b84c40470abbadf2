"""Rows: what the list says of each entry, as HTML.

No template: a page has many rows of many small texts, and to escape each of them, as Jinja does, costs several times
what all the rest does. So here everything is escaped by hand that is not the viewer's own.

What the entry alone decides is written once for an entry, since pages share those that did not change. What the reader
and the time decide is filled in for each page.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import NamedTuple

from markupsafe import Markup

from logster.entry import Entry, Frame
from logster.recall import Recall
from logster.viewer.marking import Marker, unmarked
from logster.viewer.rendering import ago, badges, brief, headline, iso_and_stamp, number
from logster.viewer.title import title

NEW_MS = 3_600_000
"""An entry is new for an hour after it was first seen."""

_NEW = '<span class="badge new">new</span>'
_CURRENT = ' aria-current="true"'


class Pieces(NamedTuple):
    """What the HTML of a row has between what differs from page to page; `message` is a text, the others HTML."""

    message: str
    beginning: str
    level: str
    text: str
    place: str
    times: str


def rows(
    entries: Sequence[Entry],
    address_of: Callable[[str], str],
    selected: str,
    marked: Marker,
    sparks: Mapping[str, str],
    now_ms: int,
) -> Markup:
    """Return the rows of entries.

    Arguments:
        address_of: returns where a row leads to, from its key.
        selected: the key of the row that is open.
        marked: tells what of a text was looked for.
        sparks: the drawings of the last day by key.
        now_ms: when the page is read, in milliseconds since the epoch.
    """
    written: list[str] = []
    for entry in entries:
        key = entry.key
        message, beginning, level, text, place, times = _pieces(entry)
        spark = sparks.get(key)
        written += (
            beginning,
            escape(address_of(key)),
            '"',
            _CURRENT if key == selected else "",
            level,
            text if marked is unmarked else _marked(message, marked),
            '</span>\n    <span class="row-where">\n      ',
            _NEW if now_ms - entry.first_seen < NEW_MS else "",
            place,
            f'<path d="{spark}"/>' if spark else "",
            times,
            ago(entry.last_seen, now_ms),
            "</time>\n  </a>\n</li>\n",
        )
    return Markup("".join(written))  # noqa: S704 - all texts in it are escaped


def _write(entry: Entry) -> Pieces:
    heading = title(entry)
    message = headline(heading.text) or "(no message)"
    key, text = escape(entry.key), escape(message)
    level, label = _level(entry.level)
    state = badges(entry) if entry.group or entry.flags else ""
    where = _where(entry.location) if entry.location else entry.logger
    iso, stamp = iso_and_stamp(entry.last_seen)
    return Pieces(
        message,
        f"""\
<li class="row is-{level}" data-key="{key}" data-seen="{entry.last_seen}" data-flags="{" ".join(entry.flags)}">
  <label class="pick"><input type="checkbox" name="key" value="{key}" form="bulk" aria-label="Select: {text}"></label>
  <a class="row-link" href=\"""",
        f""">
    <span class="level" title="{label}"><svg class="icon" aria-hidden="true"><use href="#icon-{level}"/></svg>\
<span class="hidden">{label}</span></span>
    <span class="row-message" dir="auto">""",
        text,
        f"""\
{state}{_type(heading.type) if heading.type else ""}
      <span class="where" dir="ltr">{escape(where)}</span>
    </span>
    <svg class="spark" viewBox="0 0 72 18" width="72" height="18" aria-hidden="true">""",
        f"""\
</svg>
    <span class="row-count"><span class="hidden">, seen </span>\
<span data-count title="{number(entry.count)} times">{brief(entry.count)}</span>\
<span class="hidden"> times, last </span></span>
    <time datetime="{iso}" title="{stamp}" data-ago>""",
    )


_pieces: Recall[Entry, Pieces] = Recall(_write, 2_000_000, weight=lambda pieces: sum(map(len, pieces)))


@lru_cache(maxsize=16)
def _level(name: str) -> tuple[str, str]:
    return escape(name.lower()), escape(name.capitalize())


@lru_cache(maxsize=256)
def _type(name: str) -> str:
    return f'<b class="type" title="{escape(name)}">{escape(headline(name).rpartition(".")[2])}</b>'


def _marked(text: str, marked: Marker) -> str:
    pieces = ((escape(piece), is_found) for piece, is_found in marked(text))
    return "".join([f"<mark>{piece}</mark>" if is_found else piece for piece, is_found in pieces])


def _where(frame: Frame) -> str:
    place = frame.module or frame.file
    return f"{place}.{frame.function}" if frame.function and frame.function != "<module>" else place
