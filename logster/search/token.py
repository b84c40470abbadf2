"""Cuts a query into words, phrases, regular expressions and fields, each with its place. Gives them no meaning."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from logster.errors import QuerySyntaxError

FIELDS = ("level", "logger", "type", "host", "version", "env.KEY", "count", "since", "until", "is")

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"\S+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_REGEX = re.compile(r"/((?:[^/\\]|\\.)*)/(\S*)", re.DOTALL)
_FIELD = re.compile(r'(?P<name>[A-Za-z_]+)(?P<path>\.[^\s:"]*)?:')
_LIKE_A_FIELD = re.compile(r'[a-z_]+:(?=[^\W\d]|["<>=*])')


@dataclass(frozen=True)
class Token:
    """One term as it was written: `value` without quotes or slashes, its place from `value_start` to `end`.

    `name` is a field's, with env's path in `path`; `flags` are a regular expression's.
    """

    kind: Literal["text", "regex", "field"]
    start: int
    value_start: int
    end: int
    value: str
    negated: bool = False
    is_quoted: bool = False
    name: str = ""
    path: str = ""
    flags: str = ""

    def mistake(self, reason: str) -> QuerySyntaxError:
        """Return the error that this token's value is."""
        return QuerySyntaxError(reason, self.value_start, self.end)


def tokens(query: str) -> Iterator[Token]:
    """Yield the terms of a query.

    Raises:
        QuerySyntaxError: a quote or slash is not closed, a field is unknown or has no value.
    """
    position = _after_space(query, 0)
    while position < len(query):
        token = _token(query, position)
        yield token
        position = _after_space(query, token.end)


def _token(query: str, start: int) -> Token:
    negated = query[start] == "-" and start + 1 < len(query) and not query[start + 1].isspace()
    position = start + negated
    if query[position] == '"':
        value, end = _quoted(query, position)
        return Token("text", start, position, end, value, negated, is_quoted=True)
    if query[position] == "/":
        return _regex(query, start, position, negated)
    return _field(query, start, position, negated) or _word(query, start, position, negated)


def _word(query: str, start: int, position: int, negated: bool) -> Token:
    end = _word_end(query, position)
    if unknown := _LIKE_A_FIELD.match(query, position):
        raise QuerySyntaxError(
            f"There is no field {unknown[0][:-1]!r}. Fields are {', '.join(FIELDS)}. "
            "To look for the text itself, put it in quotes.",
            position,
            end,
        )
    return Token("text", start, position, end, query[position:end], negated)


def _field(query: str, start: int, position: int, negated: bool) -> Token | None:
    found = _FIELD.match(query, position)
    if found is None:
        return None
    name, path = found["name"].lower(), found["path"]
    if name == "env" and not (path and path.strip(".")):
        raise QuerySyntaxError("Say which env value: env.KEY:value.", position, found.end())
    if (path and name != "env") or (name not in FIELDS and name != "env"):
        return None
    value_start = found.end()
    is_quoted = query[value_start : value_start + 1] == '"'
    value, end = _quoted(query, value_start) if is_quoted else _bare(query, value_start)
    if not value:
        raise QuerySyntaxError(
            f"A value is missing after {found[0]!r}. To look for the text itself, put it in quotes.", position, end
        )
    return Token("field", start, value_start, end, value, negated, is_quoted, name, (path or "")[1:])


def _regex(query: str, start: int, position: int, negated: bool) -> Token:
    found = _REGEX.match(query, position)
    if found is None:
        reason = "This regular expression has no closing slash. To look for a path, put it in quotes."
        raise QuerySyntaxError(reason, position, len(query))
    expression, flags = found[1], found[2]
    if not expression:
        raise QuerySyntaxError("This regular expression is empty.", position, found.end())
    if flags not in ("", "i"):
        reason = "After the closing slash only an i may follow, to ignore case. To look for a path, put it in quotes."
        raise QuerySyntaxError(reason, found.start(2), found.end())
    return Token("regex", start, position + 1, found.end(), expression, negated, flags=flags)


def _quoted(query: str, position: int) -> tuple[str, int]:
    found = _QUOTED.match(query, position)
    if found is None:
        raise QuerySyntaxError("This quote is not closed.", position, len(query))
    if not found[1]:
        raise QuerySyntaxError("There is nothing between these quotes.", position, found.end())
    return _ESCAPED.sub(r"\1", found[1]), found.end()


def _bare(query: str, position: int) -> tuple[str, int]:
    end = _word_end(query, position)
    return query[position:end], end


def _word_end(query: str, position: int) -> int:
    found = _WORD.match(query, position)
    return found.end() if found else position


def _after_space(query: str, position: int) -> int:
    found = _SPACE.match(query, position)
    return found.end() if found else position
