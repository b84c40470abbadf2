"""Counts of occurrences a time bucket, overall and for entries, as the report script kept them."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from logster.entry import LEVELS, Bucket, level_name
from logster.store.connection import Command
from logster.store.keys import Keys
from logster.store.tenant import Tenant

Resolution = Literal["hour", "minute"]

_LENGTH_MS: Mapping[str, int] = {"hour": 3_600_000, "minute": 60_000}
_KEPT_AT_MOST: Mapping[str, int] = {"hour": 2_160, "minute": 1_440}

Counts = dict[int, dict[str, int]]

_HOUR_MS = _LENGTH_MS["hour"]
# From so many hours on it is less work to read all that an entry has.
_NAMED_AT_MOST = 72


def overall(tenant: Tenant, resolution: Resolution, since_ms: int, until_ms: int) -> list[Bucket]:
    """Return the buckets between two times, all of them, also those in which nothing happened."""
    answers = tenant.run_all([["HGETALL", tenant.keys.timeline(resolution, level)] for level in LEVELS])
    return _buckets(dict(zip(LEVELS.values(), answers, strict=True)), resolution, since_ms, until_ms)


def of_entry(tenant: Tenant, key: str, since_ms: int, until_ms: int) -> list[Bucket]:
    """Return an entry's hours between two times; its occurrences count under the level it has now."""
    level, counts = tenant.run_all(
        [["HGET", tenant.keys.entry(key), "level"], ["HGETALL", tenant.keys.entry_timeline(key)]]
    )
    return _buckets({level_name(int(level or 0)): counts}, "hour", since_ms, until_ms)


def of_entries(tenant: Tenant, keys: Sequence[str], since_ms: int, until_ms: int) -> list[list[int]]:
    """Return for each of several entries its counts in the hours between two times, oldest first; one round trip."""
    commands = [hours_of(tenant.keys, key, since_ms, until_ms) for key in keys]
    return [counts_of(answer, since_ms, until_ms) for answer in (tenant.run_all(commands) if commands else [])]


def hours_of(keys: Keys, key: str, since_ms: int, until_ms: int) -> Command:
    """Return the command that reads an entry's hours between two times; `counts_of` understands the answer."""
    hours = _hours(since_ms, until_ms)
    name = keys.entry_timeline(key)
    return ["HMGET", name, *map(str, hours)] if len(hours) <= _NAMED_AT_MOST else ["HGETALL", name]


def counts_of(answer: Any, since_ms: int, until_ms: int) -> list[int]:
    """Return the counts that `hours_of` asked for."""
    if isinstance(answer, dict):
        return [int(answer.get(str(hour).encode(), 0)) for hour in _hours(since_ms, until_ms)]
    return [int(count or 0) for count in answer]


def _hours(since_ms: int, until_ms: int) -> range:
    last = until_ms // _HOUR_MS
    return range(max(since_ms // _HOUR_MS, last - _KEPT_AT_MOST["hour"]), last + 1)


def _buckets(
    stored: Mapping[str, Mapping[bytes, bytes]], resolution: Resolution, since_ms: int, until_ms: int
) -> list[Bucket]:
    length = _LENGTH_MS[resolution]
    counts: Counts = {}
    for name, buckets in stored.items():
        for number, count in buckets.items():
            counts.setdefault(int(number), {})[name] = int(count)
    oldest_kept = int(time.time() * 1_000) // length - _KEPT_AT_MOST[resolution]
    newest_kept = max([*counts, int(time.time() * 1_000) // length])
    numbers = range(max(since_ms // length, oldest_kept), min(until_ms // length, newest_kept) + 1)
    return [Bucket(number * length, counts.get(number, {})) for number in numbers]
