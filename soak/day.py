"""A day of a small site: ten million occurrences of two thousand errors, with a clock that runs a day meanwhile."""

import itertools
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest import mock

from benchmarks.child import Child, wait_for_go
from benchmarks.row import Row, at_most
from benchmarks.server import Server
from logster.capture.handler import LogsterHandler
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from soak.shop import word

OCCURRENCES = 10_000_000
DISTINCT = 2_000
_PROCESSES = 2
_DAY_SECONDS = 86_400
_DRAWS = 100_000
_MEGABYTES = 64
_SECONDS_TO_FLUSH = 60
_QUEUE_SIZE = 100_000
_AT_ONCE = 1_000
_PAUSE_SECONDS = 0.001


class Clock:
    """Says what time it is, which is up to who has it: always half a millisecond, as seconds and nanoseconds differ."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def nanoseconds(self) -> int:
        return int(self.now * 1e9)


def run(occurrences: int = OCCURRENCES, distinct: int = DISTINCT) -> Iterator[Row]:
    """Yield which counts and times are wrong after the day, and how much memory it took of Redis."""
    with Server() as server:
        server.client.config_set("maxmemory", _MEGABYTES * 1_000_000)
        settings: dict[str, Any] = {
            "redis_url": server.url,
            "max_backlog": distinct + distinct // 10,
            "queue_size": _QUEUE_SIZE,
            # A day that lasts minutes has the errors of minutes in a second.
            "flush_interval_seconds": 1.0,
        }
        now = time.time()
        children = [
            Child(
                report,
                {"settings": settings, "now": now, "seed": seed, "count": occurrences // _PROCESSES, "names": distinct},
                profiled=False,
            )
            for seed in range(_PROCESSES)
        ]
        for each in children:
            each.wait_until_ready()
        began = time.monotonic()
        for each in children:
            each.go()
        reported = [each.result() for each in children]
        seconds = time.monotonic() - began
        wrong, timeline = _compared(Settings(**settings), reported, now)
        memory = server.client.info("memory")["used_memory_peak"] / 1e6
        keys = server.client.dbsize()
    what = f"a day with {occurrences:,} occurrences of {distinct:,} errors"
    yield Row(f"{what}: entries whose count, first or last time is wrong", wrong, "", (at_most(0),))
    yield Row(f"{what}: occurrences that the timeline has other than once", timeline, "", (at_most(0),))
    note = f"{keys:,} keys; the day lasted {seconds:.0f} s"
    yield Row(f"{what}: the most memory that Redis used", memory, "MB", (at_most(_MEGABYTES),), note=note)


def report(settings: dict[str, Any], now: float, seed: int, count: int, names: int) -> dict[str, Any]:
    """Report errors for a day that ends at `now`, and return how often each was reported, first and last when."""
    service = Service(Settings(**settings))
    logger = logging.Logger("shop")
    logger.addHandler(LogsterHandler(service=service))
    chance = random.Random(seed)
    messages = [f"no {word(number)} is left" for number in range(names)]
    draws = chance.choices(messages, [1 / rank for rank in range(1, names + 1)], k=_DRAWS)
    sent: Counter[str] = Counter()
    times: dict[str, list[int]] = {}
    clock = Clock(_mid_millisecond(now - _DAY_SECONDS))
    wait_for_go()
    # logging asks for nanoseconds from Python 3.13 on.
    with mock.patch.object(time, "time", clock), mock.patch.object(time, "time_ns", clock.nanoseconds):
        for done, message in zip(range(count), itertools.cycle(draws), strict=False):
            clock.now = _mid_millisecond(now - _DAY_SECONDS * (1 - done / count))
            logger.error(message)
            sent[message] += 1
            times.setdefault(message, [int(clock.now * 1_000), 0])[1] = int(clock.now * 1_000)
            if done % _AT_ONCE == 0:
                # On a real day there is time for what waits.
                while service.worker.stats["queued"] > _QUEUE_SIZE // 2:
                    time.sleep(_PAUSE_SECONDS)
    is_written = service.worker.flush(_SECONDS_TO_FLUSH)
    dropped = service.worker.stats["dropped"]
    service.close()
    return {"sent": sent, "times": times, "is_written": is_written, "dropped": dropped}


def _mid_millisecond(seconds: float) -> float:
    return (int(seconds * 1_000) + 0.5) / 1_000


def _compared(settings: Settings, reported: list[dict[str, Any]], now: float) -> tuple[int, int]:
    """Return how many entries are wrong, and how many occurrences the timeline lacks or has too many."""
    if any(each["dropped"] or not each["is_written"] for each in reported):
        raise RuntimeError("Not all was written: the machine is too slow for a day that is this short.")
    expected: dict[str, tuple[int, int, int]] = {}
    for name in {name for each in reported for name in each["sent"]}:
        those = [each for each in reported if name in each["sent"]]
        first, last = (pick(each["times"][name][i] for each in those) for i, pick in enumerate((min, max)))
        expected[name] = sum(each["sent"][name] for each in those), first, last
    store = RedisStore(settings)
    found: dict[str, tuple[int, int, int]] = {}
    page = store.page(limit=500)
    while True:
        found |= {each.message: (each.count, each.first_seen, each.last_seen) for each in page.entries}
        if not page.next:
            break
        page = store.page(limit=500, before=page.next)
    until_ms = int(now * 1_000) + 60_000
    buckets = store.timeline(since_ms=until_ms - 2 * _DAY_SECONDS * 1_000, until_ms=until_ms)
    store.close()
    counted = sum(sum(each.counts.values()) for each in buckets)
    total = sum(count for count, _, _ in expected.values())
    return sum(expected[name] != found.get(name) for name in expected), abs(total - counted)
