"""Rows: what the list says of each entry, as texts that a template only has to write down.

A page has many rows, and what a template works out for each costs several times what the same costs here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from logster.entry import Entry, Frame
from logster.viewer.marking import Marker, unmarked
from logster.viewer.rendering import ago, brief, headline, iso_and_stamp, number
from logster.viewer.title import title

NEW_MS = 3_600_000
"""An entry is new for an hour after it was first seen."""


class Row(NamedTuple):
    """One row of the list, most of it texts; `write_rows` takes the fields in this order."""

    entry: Entry
    key: str
    seen: str
    """When it was last seen, in milliseconds since the epoch."""
    flags: str
    address: str
    level: str
    label: str
    """The level for readers."""
    message: str
    marked: Markup
    """The message, with what was looked for marked."""
    type: str
    short_type: str
    where: str
    is_new: bool
    has_badges: bool
    spark: str
    times: str
    brief_times: str
    last_iso: str
    last_stamp: str
    last_ago: str


def rows(
    entries: Sequence[Entry],
    address_of: Callable[[str], str],
    marked: Marker,
    sparks: Mapping[str, str],
    now_ms: int,
) -> Iterator[Row]:
    """Yield the row of each entry.

    Arguments:
        address_of: returns where a row leads to, from its key.
        marked: tells what of a text was looked for.
        sparks: the drawings of the last day by key.
    """
    for entry in entries:
        heading = title(entry)
        message = headline(heading.text) or "(no message)"
        kind = heading.type
        last_iso, last_stamp = iso_and_stamp(entry.last_seen)
        yield Row(
            entry,
            entry.key,
            str(entry.last_seen),
            " ".join(entry.flags),
            address_of(entry.key),
            entry.level.lower(),
            entry.level.capitalize(),
            message,
            escape(message) if marked is unmarked else _marked(message, marked),
            kind,
            headline(kind).rpartition(".")[2] if kind else "",
            _where(entry.location) if entry.location else entry.logger,
            now_ms - entry.first_seen < NEW_MS,
            bool(entry.group or entry.flags),
            sparks.get(entry.key, ""),
            number(entry.count),
            brief(entry.count),
            last_iso,
            last_stamp,
            ago(entry.last_seen, now_ms),
        )


def _marked(text: str, marked: Marker) -> Markup:
    pieces = (Markup("<mark>%s</mark>") % piece if is_found else escape(piece) for piece, is_found in marked(text))
    return Markup().join(pieces)


def _where(frame: Frame) -> str:
    place = frame.module or frame.file
    return f"{place}.{frame.function}" if frame.function and frame.function != "<module>" else place
