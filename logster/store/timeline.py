"""Counts of occurrences a time bucket, overall and for one entry, as the report script kept them."""

import time
from collections.abc import Mapping
from typing import Literal

from logster.entry import LEVELS, Bucket, level_name
from logster.store.tenant import Tenant

Resolution = Literal["hour", "minute"]

_LENGTH_MS: Mapping[str, int] = {"hour": 3_600_000, "minute": 60_000}
_KEPT_AT_MOST: Mapping[str, int] = {"hour": 2_160, "minute": 1_440}

Counts = dict[int, dict[str, int]]


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
