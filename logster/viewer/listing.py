"""Listing: which entries are asked for, read from an address; the same for pages and the HTTP API."""

import re
import time
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import QueryParams

from logster.entry import LEVEL_NUMBERS, Page
from logster.search import Query, parse
from logster.store.redis_store import RedisStore
from logster.viewer.problems import Problem

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200

LISTED_BY = frozenset({"q", "during", "before", "after", "level", "since", "until", "limit"})
"""The parameters of an address that a listing is read from."""

_AGE = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_SPAN = re.compile(r"(\d{1,15})-(\d{1,15})", re.ASCII)
_MILLISECONDS = re.compile(r"\d{1,15}", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}


@dataclass(frozen=True)
class Listing:
    """A question to the store. `text` is the query as the reader wrote it, `query` what it means."""

    text: str
    query: Query | None
    levels: tuple[int, ...]
    since_ms: int | None
    until_ms: int | None
    during: tuple[int, int] | None
    before: str | None
    after: str | None
    limit: int

    @classmethod
    def parse(cls, parameters: QueryParams, now_ms: int) -> "Listing":
        """Return what the parameters of an address ask for.

        Raises:
            QuerySyntaxError: the search query cannot be understood.
            Problem: another parameter cannot.
        """
        text = parameters.get("q", "").strip()
        during = _during(parameters.get("during", ""))
        if parameters.get("before") and parameters.get("after"):
            raise Problem(400, "A page continues either before or after a place, not both.")
        return cls(
            text=text,
            query=parse(text, now_ms=now_ms) if text or during else None,
            levels=tuple(_level(name) for name in parameters.getlist("level")),
            since_ms=_moment("since", parameters.get("since", ""), now_ms),
            until_ms=_moment("until", parameters.get("until", ""), now_ms),
            during=during,
            before=parameters.get("before") or None,
            after=parameters.get("after") or None,
            limit=_limit(parameters.get("limit", "")),
        )

    @property
    def is_newest(self) -> bool:
        """Whether this is the list's beginning."""
        return not (self.before or self.after)

    def anytime(self) -> "Listing":
        """Return the same question without a span in which to have occurred."""
        return replace(self, during=None)

    def fetch(self, store: RedisStore, limit: int | None = None) -> Page:
        """Return the entries that are asked for, or as many as `limit` says."""
        return store.page(
            levels=self.levels or None,
            since_ms=self.since_ms,
            until_ms=self.until_ms,
            query=self.query,
            before=self.before,
            after=self.after,
            limit=limit or self.limit,
            during=self.during,
        )


def now_ms() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def span(parameters: QueryParams, now: int, *, default_ms: int) -> dict[str, Any]:
    """Return since_ms and until_ms of an address; the last `default_ms` where it does not say."""
    until = _moment("until", parameters.get("until", ""), now) or now
    since = _moment("since", parameters.get("since", ""), now)
    return {"since_ms": until - default_ms if since is None else since, "until_ms": until}


def _level(name: str) -> int:
    try:
        return LEVEL_NUMBERS[name.upper()]
    except KeyError:
        raise Problem(400, f"There is no level {name!r}; levels are {', '.join(LEVEL_NUMBERS)}.") from None


def _moment(name: str, value: str, now: int) -> int | None:
    if not value:
        return None
    if _MILLISECONDS.fullmatch(value):
        return int(value)
    if age := _AGE.fullmatch(value):
        return now - int(age[1]) * _UNITS[age[2]] * 1_000
    raise Problem(
        400,
        f"{name}={value!r} is no time: allowed are milliseconds since 1970, or an age such as 90s, 30m, 2h, 7d, 1w.",
    )


def _during(value: str) -> tuple[int, int] | None:
    if not value:
        return None
    if (found := _SPAN.fullmatch(value)) and int(found[1]) <= int(found[2]):
        return int(found[1]), int(found[2])
    raise Problem(400, f"during={value!r} is no span: it takes two times in milliseconds since 1970, as in 0-3600000.")


def _limit(value: str) -> int:
    if not value:
        return PAGE_SIZE
    if value.isascii() and value.isdigit() and len(value) < 6 and 1 <= int(value) <= MAX_PAGE_SIZE:
        return int(value)
    raise Problem(400, f"limit={value!r} is not allowed; a page holds 1 to {MAX_PAGE_SIZE} entries.")
