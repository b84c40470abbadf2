"""Gives the terms of a query their meaning. Says of every mistake what it is, and where."""

import re
import time
from collections.abc import Callable

from logster.entry import LEVEL_NUMBERS, LEVELS
from logster.errors import QuerySyntaxError
from logster.search import expression
from logster.search.condition import Count, EnvValue, Flag, LastSeen, Level, Logger, Type, Version
from logster.search.folding import fold
from logster.search.moment import moment
from logster.search.query import Query
from logster.search.term import Regex, Term, Text
from logster.search.token import Token, tokens
from logster.search.wildcard import Wildcard

LONGEST = 1_000
MOST_TERMS = 50
FLAGS = ("protected", "solved", "regressed")

_COMPARED = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_RANGE = re.compile(r"(\d{1,15})\.\.(\d{1,15})", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_SHORT_LEVELS = {"WARN": "WARNING", "FATAL": "CRITICAL"}


def parse(query: str, *, now_ms: int | None = None) -> Query:
    """Return what a query means.

    Arguments:
        query: as the user wrote it; the empty one matches all that is not solved.
        now_ms: what ages as in `since:2h` count back from; the current time by default.

    Raises:
        QuerySyntaxError: it cannot be understood; says why, and where.
    """
    if len(query) > LONGEST:
        raise QuerySyntaxError(
            f"A query has at most {LONGEST:,} characters; this one has {len(query):,}.", LONGEST, len(query)
        )
    now = int(time.time() * 1000) if now_ms is None else now_ms
    parts: list[Term] = []
    for token in tokens(query):
        if len(parts) == MOST_TERMS:
            raise QuerySyntaxError(f"A query has at most {MOST_TERMS} terms.", token.start, len(query))
        parts.append(_term(token, now))
    return Query(query, tuple(parts))


def _term(token: Token, now_ms: int) -> Term:
    if token.kind == "text":
        return Text(negated=token.negated, text=token.value)
    if token.kind == "regex":
        return _regex(token)
    if token.name in ("since", "until"):
        return _last_seen(token, now_ms)
    return _MEANINGS[token.name](token)


def _regex(token: Token) -> Regex:
    ignore_case = token.flags == "i"
    try:
        compiled = expression.compiled(token.value, ignore_case=ignore_case)
    except expression.Mistake as mistake:
        reason = f"Not a regular expression that RE2 understands: {mistake.reason}."
        start = token.value_start
        raise QuerySyntaxError(reason, start + mistake.start, start + mistake.end) from None
    return Regex(negated=token.negated, expression=token.value, ignore_case=ignore_case, compiled=compiled)


def _last_seen(token: Token, now_ms: int) -> LastSeen:
    is_since = token.name == "since"
    try:
        when = moment(token.value, now_ms, is_end=not is_since)
    except ValueError as error:
        raise token.mistake(str(error)) from None
    if is_since == token.negated:
        return LastSeen(until_ms=when - 1 if token.negated else when)
    return LastSeen(since_ms=when + 1 if token.negated else when)


def _level(token: Token) -> Level:
    levels = {level for part in token.value.split(",") for level in _levels(part, token)}
    return Level(levels=frozenset(LEVELS) - levels if token.negated else frozenset(levels))


def _levels(part: str, token: Token) -> list[int]:
    comparison, name = _compared(part)
    known = LEVEL_NUMBERS.get(_SHORT_LEVELS.get(name.upper(), name.upper()))
    if known is None:
        names = ", ".join(name.lower() for name in LEVEL_NUMBERS)
        raise token.mistake(f"{name!r} is no level; levels are {names}, as in level:error,critical or level:>=warning.")
    return [level for level in LEVELS if _COMPARISONS[comparison](level, known)]


def _count(token: Token) -> Count:
    if found := _RANGE.fullmatch(token.value):
        minimum, maximum = int(found[1]), int(found[2])
        if minimum > maximum:
            raise token.mistake(f"The range {token.value} is empty; write the smaller number first.")
        return Count(negated=token.negated, minimum=minimum, maximum=maximum)
    comparison, number = _compared(token.value)
    if not _NUMBER.fullmatch(number):
        raise token.mistake(f"{token.value!r} is no number; write count:10, count:>10, count:<=10 or count:5..10.")
    bound = int(number)
    least = {">": bound + 1, ">=": bound, "=": bound}.get(comparison)
    most = {"<": bound - 1, "<=": bound, "=": bound}.get(comparison)
    return Count(negated=token.negated, minimum=least, maximum=most)


def _flag(token: Token) -> Flag:
    name = token.value.lower()
    if name not in FLAGS:
        raise token.mistake(f"{token.value!r} is nothing an entry can be; understood are is:{', is:'.join(FLAGS)}.")
    return Flag(negated=token.negated, name=name)


def _env(token: Token) -> EnvValue:
    path = fold(token.path)
    return EnvValue(negated=token.negated, path=path, value=_value(token), title=f"env value {token.path}")


def _value(token: Token) -> Wildcard:
    return Wildcard.parse(token.value, literal=token.is_quoted)


def _compared(text: str) -> tuple[str, str]:
    found = _COMPARED.fullmatch(text)
    return (found[1] or "=", found[2]) if found else ("=", text)


_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">": int.__gt__,
    ">=": int.__ge__,
    "<": int.__lt__,
    "<=": int.__le__,
    "=": int.__eq__,
}
_MEANINGS: dict[str, Callable[[Token], Term]] = {
    "level": _level,
    "logger": lambda token: Logger(negated=token.negated, value=_value(token)),
    "type": lambda token: Type(negated=token.negated, value=_value(token)),
    "host": lambda token: EnvValue(negated=token.negated, path="hostname", value=_value(token), title="host"),
    "version": lambda token: Version(negated=token.negated, value=_value(token)),
    "env": _env,
    "count": _count,
    "is": _flag,
}
