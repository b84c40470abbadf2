"""Puts params where `$name` and `${name}` stand; `$$` is a dollar, and a dollar before anything else is left alone."""

import re
from collections.abc import Callable, Iterator, Mapping

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_REFERENCE = re.compile(
    rf"""
    \$ (?: (?P<dollar>\$)
         | (?P<name>{NAME.pattern})
         | \{{ (?P<braced>{NAME.pattern}) \}}
         | (?P<broken>\{{)
    )
    """,
    re.VERBOSE,
)


def references(text: str) -> Iterator[tuple[int, str | None]]:
    """Yield the offset and the name of each param that a text refers to; None for a brace that names none."""
    for match in _REFERENCE.finditer(text):
        if not match["dollar"]:
            yield match.start(), match["name"] or match["braced"]


def substitute(text: str, params: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
    """Return the text with the values of its params.

    Args:
        text: every param it refers to is known, as `references` tells.
        params: the values by name; they are not looked into again.
        escape: applied to each value, as where the text is a regular expression.
    """

    def value(match: re.Match[str]) -> str:
        name = match["name"] or match["braced"]
        return escape(params[name]) if name else "$"

    return _REFERENCE.sub(value, text)
