"""Counts of occurrences a time bucket, overall and for entries, as the report script kept them."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from logster.entry import LEVELS, Bucket, level_name
from logster.store.connection import Command
from logster.store.question import Question
from logster.store.tenant import Tenant

Resolution = Literal["hour", "minute"]

_LENGTH_MS: Mapping[str, int] = {"hour": 3_600_000, "minute": 60_000}
_KEPT_AT_MOST: Mapping[str, int] = {"hour": 2_160, "minute": 1_440}

Counts = dict[int, dict[str, int]]
Columns = list[list[int]]

_HOUR_MS = _LENGTH_MS["hour"]
# From so many hours on it is less work to read all that an entry has, and too much for one script.
_NAMED_AT_MOST = 72
_KEYS_A_CALL = 50


def overall(tenant: Tenant, resolution: Resolution, since_ms: int, until_ms: int) -> Question[list[Bucket]]:
    """Ask for the buckets between two times, all of them, also those in which nothing happened."""

    def read(answers: list[Any]) -> list[Bucket]:
        return _buckets(dict(zip(LEVELS.values(), answers, strict=True)), resolution, since_ms, until_ms)

    return Question(_overall(tenant, resolution), read)


def happened(tenant: Tenant, resolution: Resolution, since_ms: int, until_ms: int) -> Question[list[Bucket]]:
    """Ask for the buckets between two times in which something happened: of three months of hours most are empty."""

    def read(answers: list[Any]) -> list[Bucket]:
        counts = _counts(dict(zip(LEVELS.values(), answers, strict=True)))
        numbers, length = _numbers(resolution, since_ms, until_ms, max(counts, default=0)), _LENGTH_MS[resolution]
        return [Bucket(number * length, counts[number]) for number in sorted(counts) if number in numbers]

    return Question(_overall(tenant, resolution), read)


def _overall(tenant: Tenant, resolution: Resolution) -> list[Command]:
    return [["HGETALL", tenant.keys.timeline(resolution, level)] for level in LEVELS]


def of_entry(tenant: Tenant, key: str, since_ms: int, until_ms: int) -> Question[list[Bucket]]:
    """Ask for an entry's hours between two times; its occurrences count under the level it has now."""

    def read(answers: list[Any]) -> list[Bucket]:
        level, counts = answers
        return _buckets({level_name(int(level or 0)): counts}, "hour", since_ms, until_ms)

    return Question([["HGET", tenant.keys.entry(key), "level"], ["HGETALL", tenant.keys.entry_timeline(key)]], read)


def of_entries(tenant: Tenant, keys: Sequence[str], since_ms: int, until_ms: int) -> Question[Columns]:
    """Ask for the counts of each of several entries in the hours between two times, oldest first."""
    hours = _hours(since_ms, until_ms)
    if len(hours) > _NAMED_AT_MOST:

        def whole(answers: list[Any]) -> Columns:
            return [[int(answer.get(b"%d" % hour, 0)) for hour in hours] for answer in answers]

        return Question([["HGETALL", tenant.keys.entry_timeline(key)] for key in keys], whole)

    def named(answers: list[Any]) -> Columns:
        return [_column(pairs, len(hours)) for answer in answers for pairs in answer]

    times = {"first_hour": hours.start, "last_hour": hours.stop - 1}
    chunks = [keys[start : start + _KEYS_A_CALL] for start in range(0, len(keys), _KEYS_A_CALL)]
    return Question([tenant.call("hours", *chunk, **times) for chunk in chunks], named)


def _column(pairs: Sequence[int], length: int) -> list[int]:
    """Return the counts of all hours from places and counts of those in which something happened."""
    counts = [0] * length
    for place, count in zip(pairs[::2], pairs[1::2], strict=True):
        counts[place] = count
    return counts


def _hours(since_ms: int, until_ms: int) -> range:
    last = until_ms // _HOUR_MS
    return range(max(since_ms // _HOUR_MS, last - _KEPT_AT_MOST["hour"]), last + 1)


def _buckets(
    stored: Mapping[str, Mapping[bytes, bytes]], resolution: Resolution, since_ms: int, until_ms: int
) -> list[Bucket]:
    counts = _counts(stored)
    numbers = _numbers(resolution, since_ms, until_ms, max(counts, default=0))
    return [Bucket(number * _LENGTH_MS[resolution], counts.get(number, {})) for number in numbers]


def _counts(stored: Mapping[str, Mapping[bytes, bytes]]) -> Counts:
    counts: Counts = {}
    for name, buckets in stored.items():
        for number, count in buckets.items():
            counts.setdefault(int(number), {})[name] = int(count)
    return counts


def _numbers(resolution: Resolution, since_ms: int, until_ms: int, newest: int) -> range:
    length = _LENGTH_MS[resolution]
    now = int(time.time() * 1_000) // length
    oldest_kept = now - _KEPT_AT_MOST[resolution]
    return range(max(since_ms // length, oldest_kept), min(until_ms // length, max(newest, now)) + 1)
