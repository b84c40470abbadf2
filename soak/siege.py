"""Siege: reporters that go on reporting while a fault comes and goes, and what came of it."""

import itertools
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from logster.capture.handler import LogsterHandler
from logster.delivery.losses import LOGGER
from logster.entry import Entry
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.integrations.faults import Fault, Place

NAMES = 50
WORKER = "logster"
_TEXT = "x" * 1_000
_SECONDS_TO_FLUSH = 60
_NANOSECONDS = 1e9

Reported = dict[str, Any]
Start = Callable[[Callable[..., Reported], dict[str, Any]], Callable[[], Reported]]


class Siege(NamedTuple):
    """What came of it.

    `wrong` has the messages whose count is not what was reported, with both; where all are distinct only their sum is
    known. `calls` has the longest logging call as `Stopwatch` says, in milliseconds. `growth` is that of the process
    that grew most, in bytes, until half of the time and from then on.
    """

    sent: int
    counted: int
    wrong: dict[str, tuple[int, int]]
    dropped: int
    told: int
    raised: list[str]
    calls: dict[str, float]
    growth: tuple[int, int]
    is_written: bool
    most_waiting: int


class Stopwatch:
    """The longest call of a thread, measured in three ways, in seconds.

    `wall` is the clock on the wall. `cpu` is the thread's CPU time. `held` is what the machine cannot be blamed for:
    the clock on the wall less the time in which this thread, or the worker's that it may wait for, was ready to run and
    had no CPU. Waiting for a lock, for a server or for Python's own lock counts. Only Linux tells; elsewhere `held` is
    the clock on the wall.
    """

    def __init__(self) -> None:
        self.longest = {"held": 0.0, "wall": 0.0, "cpu": 0.0}

    def measure(self, call: Callable[[], None]) -> None:
        """Make a call."""
        ready, cpu, wall = _seconds_without_cpu(), time.thread_time(), time.perf_counter()
        try:
            call()
        finally:
            wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
            # The call may have started the worker.
            waited = sum(seconds - ready.get(task, 0.0) for task, seconds in _seconds_without_cpu().items())
            for name, seconds in (("held", max(wall - waited, cpu)), ("wall", wall), ("cpu", cpu)):
                self.longest[name] = max(self.longest[name], seconds)


def besiege(
    place: Place,
    fault: Fault,
    start: Start,
    *,
    processes: int,
    rate: float,
    well_seconds: float,
    ill_seconds: float,
    rounds: int,
    is_distinct: bool = False,
    **settings: Any,
) -> Siege:
    """Have reporters report while Redis is well for a time, and then ill, so many times.

    Arguments:
        place: the server, and the proxy before it.
        fault: what is wrong with it.
        start: starts a function with arguments, and returns what waits for its result.
        processes: how many reporters.
        rate: how often all together report in a second.
        well_seconds: how long Redis is well each time.
        ill_seconds: how long it is ill then.
        rounds: how often.
        is_distinct: whether no error is like another, and each is a kilobyte; else there are fifty different ones.
        settings: of the reporters.
    """
    seconds = rounds * (well_seconds + ill_seconds)
    # All samples of the entry that says what was dropped are needed.
    given = {"max_backlog": 1_000_000, "max_env_count_per_entry": 1_000} | settings
    waiting = [
        start(
            report,
            {
                "settings": {"redis_url": place.url, **given},
                "who": str(number),
                "rate": rate / processes,
                "seconds": seconds,
                "is_distinct": is_distinct,
            },
        )
        for number in range(processes)
    ]
    for _ in range(rounds):
        time.sleep(well_seconds)
        with fault(place):
            time.sleep(ill_seconds)
    reported = [each() for each in waiting]
    entries, told = _found(Settings(redis_url=place.server.url, **given))
    return _siege(reported, entries, told, is_distinct=is_distinct)


def report(settings: dict[str, Any], who: str, rate: float, seconds: float, is_distinct: bool) -> Reported:
    """Report at a rate for some seconds, wait until all is written, and return what was done."""
    service = Service(Settings(**settings))
    logger = logging.Logger("soak")
    logger.addHandler(LogsterHandler(service=service))
    sent: Counter[str] = Counter()
    raised: list[str] = []
    stopwatch, sizes, most_waiting = Stopwatch(), [], 0
    began = time.monotonic()
    for number, message in zip(itertools.count(), _messages(who, is_distinct=is_distinct)):
        if (left := began + number / rate - time.monotonic()) > 0:
            time.sleep(left)
        if time.monotonic() >= began + seconds:
            break
        try:
            stopwatch.measure(lambda text=message: logger.error("%s", text, extra={"fingerprint": text}))  # type: ignore[misc]
        except Exception as error:
            raised.append(repr(error))
        # What is kept here of distinct messages would pass for growth of the worker's.
        sent["" if is_distinct else message] += 1
        if number % max(int(rate), 1) == 0:
            sizes.append(_resident_bytes())
            stats = service.worker.stats
            most_waiting = max(most_waiting, stats["queued"] + stats["pending"] + stats["unconfirmed"])
    is_written = service.worker.flush(_SECONDS_TO_FLUSH)
    sizes.append(_resident_bytes())
    stats = service.worker.stats
    service.close()
    first, half = sizes[min(1, len(sizes) - 1)], max(sizes[: len(sizes) // 2 + 1])
    return {
        "sent": sent,
        "total": sent.total(),
        "dropped": stats["dropped"],
        "raised": raised,
        "longest": stopwatch.longest,
        "growth": [max(half - first, 0), max(max(sizes) - half, 0)],
        "is_written": is_written,
        "most_waiting": most_waiting,
    }


def _messages(who: str, *, is_distinct: bool) -> Iterator[str]:
    for number in itertools.count():
        yield f"error {who}-{number} {_TEXT}" if is_distinct else f"error {number % NAMES}"


def _siege(reported: list[Reported], entries: list[Entry], told: int, *, is_distinct: bool) -> Siege:
    sent: Counter[str] = Counter()
    for each in reported:
        sent.update(each["sent"])
    found = {each.message: each.count for each in entries}
    wrong = (
        {}
        if is_distinct
        else {name: (sent[name], found.get(name, 0)) for name in sent | found if sent[name] != found.get(name, 0)}
    )
    return Siege(
        sent=sum(each["total"] for each in reported),
        counted=sum(found.values()),
        wrong=wrong,
        dropped=sum(each["dropped"] for each in reported),
        told=told,
        raised=[text for each in reported for text in each["raised"]],
        calls={name: 1e3 * max(each["longest"][name] for each in reported) for name in reported[0]["longest"]},
        growth=(max(each["growth"][0] for each in reported), max(each["growth"][1] for each in reported)),
        is_written=all(each["is_written"] for each in reported),
        most_waiting=max(each["most_waiting"] for each in reported),
    )


def _found(settings: Settings) -> tuple[list[Entry], int]:
    """Return the reported entries, and how many occurrences the entry about losses says were dropped."""
    store = RedisStore(settings)
    try:
        page = store.page(limit=500)
        entries = list(page.entries)
        while page.next:
            page = store.page(limit=500, before=page.next)
            entries += page.entries
        losses = [each for each in entries if each.logger == LOGGER]
        envs = [env for each in losses for env in store.env_samples(each.key)]
        told = sum(count for env in envs for count in env["dropped"].values())
        return [each for each in entries if each.logger != LOGGER], told
    finally:
        store.close()


def _seconds_without_cpu() -> dict[int, float]:
    """Return how long this thread and workers were ever ready to run and had no CPU; nothing where nobody tells."""
    tasks = [threading.get_native_id(), *(each.native_id for each in threading.enumerate() if each.name == WORKER)]
    found: dict[int, float] = {}
    for each in tasks:
        with suppress(OSError):
            found[each or 0] = int(Path(f"/proc/self/task/{each}/schedstat").read_text().split()[1]) / _NANOSECONDS
    return found


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
