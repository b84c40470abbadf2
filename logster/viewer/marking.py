"""Marking: which stretches of a shown text the search is about. Finds them, and renders nothing."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from logster.errors import QuerySyntaxError
from logster.search import Query, parse
from logster.viewer.highlighting import Pieces

_DEEPEST = 6


class Stretch(NamedTuple):
    """A part of a text; `is_found` where it was looked for."""

    text: str
    is_found: bool


Marker = Callable[[str], list[Stretch]]


def unmarked(text: str) -> list[Stretch]:
    """Return a text in stretches where nothing is looked for."""
    return [Stretch(text, False)]


def marker(query: Query | None) -> Marker:
    """Return what tells the stretches of a text, of which those are found that the query is about."""
    if query is None:
        return unmarked

    def marked(text: str) -> list[Stretch]:
        stretches, position = [], 0
        for start, end in query.highlights(text):
            stretches += [Stretch(text[position:start], False), Stretch(text[start:end], True)]
            position = end
        stretches.append(Stretch(text[position:], False))
        return [each for each in stretches if each.text]

    return marked


def marker_of(text: str, now_ms: int) -> Marker:
    """Return the marker of a query as the reader wrote it; one that is not understood marks nothing."""
    try:
        return marker(parse(text, now_ms=now_ms) if text else None)
    except QuerySyntaxError:
        return unmarked


def marked_pieces(pieces: Pieces, marked: Marker) -> list[tuple[str, str, bool]]:
    """Return coloured pieces of a line, split where what is found begins and ends: kind, text, whether it is found."""
    stretches = marked("".join(piece.text for piece in pieces))
    found: list[tuple[str, str, bool]] = []
    place, left = 0, len(stretches[0].text) if stretches else 0
    for kind, text in pieces:
        while text:
            if not left:
                place += 1
                left = len(stretches[place].text)
            found.append((kind, text[:left], stretches[place].is_found))
            text, left = text[left:], left - len(text[:left])
    return found


def is_found(value: Any, marked: Marker, depth: int = 0) -> bool:
    """Return whether anything is found in a value or what is nested in it."""
    if isinstance(value, str):
        return any(each.is_found for each in marked(value))
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return any(is_found(inner, marked, depth + 1) for inner in value.values())
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return any(is_found(inner, marked, depth + 1) for inner in value)
    return any(each.is_found for each in marked(str(value)))
