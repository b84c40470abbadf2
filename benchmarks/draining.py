"""Draining: how many reports a second reach Redis, from the first call until the last one is written."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks import workload
from benchmarks.bench import Bench
from benchmarks.child import Child, wait_for_go
from benchmarks.row import RATE, Other, Row, at_least, at_least_times, at_most
from benchmarks.ruby_logster import DISTINCT, GROUPING_PERCENT, IDENTICAL, PATTERNS_PERCENT, ZIPF, ruby
from benchmarks.stopwatch import median_ms
from logster.capture.context import bind
from logster.capture.handler import LogsterHandler
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore

IDENTICAL_FRAMES = 25
BACKLOG = 1_000
_ROUNDS = 5
# A round takes but a second.
_ROUNDS_OF_DISTINCT = 10
# A few percent are to be told apart.
_ROUNDS_OF_PATTERNS = 15
_LARGE_QUEUE = 1_000_000
_FLUSH_SECONDS = 300
_WARM_UP = 300

Drained = dict[str, float]


def identical(bench: Bench) -> Iterator[Row]:
    """One plain error, over and over."""
    rate = _rate(bench, "identical", 100_000)
    other = ruby(IDENTICAL, RATE)
    yield Row("identical plain errors, until drained", rate, RATE, (at_least(50_000), at_least_times(40)), other)


def identical_exceptions(bench: Bench) -> Iterator[Row]:
    """One exception, raised and reported over and over."""
    rate = _rate(bench, "exceptions", 40_000)
    what = f"identical exceptions of {IDENTICAL_FRAMES} frames, until drained"
    yield Row(what, rate, RATE, (at_least(20_000),), ruby(IDENTICAL, RATE))


def distinct(bench: Bench) -> Iterator[Row]:
    """Exceptions with a fingerprint each, of which the newest 1,000 are kept."""
    rate = _rate(bench, "distinct", 10_000, _ROUNDS_OF_DISTINCT)
    what = f"all distinct ({workload.FRAMES} frames, own fingerprints), backlog {BACKLOG:,}, until drained"
    other = ruby(DISTINCT, RATE)
    yield Row(what, rate, RATE, (at_least(7_000), at_least_times(10)), other)


def zipf(bench: Bench) -> Iterator[Row]:
    """Fifty plain errors, the first of them half of the time."""
    rate = _rate(bench, "zipf", 100_000)
    other = ruby(ZIPF, RATE)
    yield Row("50 distinct, zipf, until drained", rate, RATE, (at_least(40_000), at_least_times(30)), other)


def processes(bench: Bench) -> Iterator[Row]:
    """Fifty plain errors from several processes at once."""
    count = bench.times(40_000, 100)
    one, four = [], []
    for _ in range(bench.times(_ROUNDS)):
        one.append(together(bench, 1, count))
        four.append(together(bench, 4, count))
    what = "four processes, 50 distinct, zipf"
    other = Other("one process", max(each.rate for each in one))
    yield Row(what, max(each.rate for each in four), RATE, (at_least_times(1.5),), other)
    wrong = float(sum(not each.is_exact for each in (*one, *four)))
    yield Row(f"{what}: runs whose counts were not exact", wrong, "", (at_most(0),), note=f"of {len(one) + len(four)}")


def commands(bench: Bench) -> Iterator[Row]:
    """What Redis is asked while 1,000 identical errors are reported within a second."""
    settings = Settings(**bench.settings())
    with _Reporter(settings) as reporter:
        reporter.warm_up()
        called = bench.server.calls()
        seconds, count = (0.05, 20) if bench.quick else (1.0, 1_000)
        sent = bench.server.sent_during(lambda: reporter.report_evenly(seconds=seconds, count=count))
        called = bench.server.calls() - called
    what = "Redis commands per 1,000 identical reports in a second"
    note = f"{called:,} with what scripts call"
    yield Row(what, sent, "calls", (at_most(20),), note=note)


def patterns(bench: Bench) -> Iterator[Row]:
    """The same reports with and without patterns, in turn; CPU time of client and server together."""
    yield _slowdown(bench, "20 + 20 patterns that do not match", "identical", 40_000, _add_many, 5, PATTERNS_PERCENT)
    yield _slowdown(bench, "one matching grouping pattern", "distinct", 4_000, _add_matching, 10, GROUPING_PERCENT)


def _add_many(store: RedisStore) -> None:
    for number in range(20):
        store.add_pattern("suppression", f"/never this {number}/")
        store.add_pattern("grouping", f"/nor this {number}/i")


def _add_matching(store: RedisStore) -> None:
    store.add_pattern("grouping", "/column topics/")


def _slowdown(
    bench: Bench, what: str, kind: str, count: int, add: Callable[[RedisStore], None], limit: float, ruby_percent: float
) -> Row:
    # What else the machine does makes a round dearer, never cheaper: the cheapest of each are compared.
    used: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for number in range(bench.times(_ROUNDS_OF_PATTERNS)):
        for is_with in (number % 2 == 1, number % 2 == 0):
            prepare = add if is_with else lambda _: None
            used[is_with].append(_cpu_seconds(bench, kind, bench.times(count, 50), prepare))
    # What disturbs the one does not disturb the other at the same time, so the least of each is looked for.
    least = {is_with: sum(map(min, zip(*pairs, strict=True))) for is_with, pairs in used.items()}
    slower = 100 * (least[True] / least[False] - 1)
    return Row(f"{what}, slower by", slower, "%", (at_most(limit),), ruby(ruby_percent, "%"))


def _cpu_seconds(bench: Bench, kind: str, count: int, prepare: Callable[[RedisStore], None]) -> tuple[float, float]:
    """Return what reporting so often costs the client and the server, in seconds of CPU time."""
    settings = _settings(bench)
    store = RedisStore(Settings(**settings))
    prepare(store)
    before = bench.server.cpu_seconds()
    done: Drained = bench.child(drain, settings=settings, kind=kind, count=count)
    used = bench.server.cpu_seconds() - before
    store.clear()
    store.close()
    return done["cpu"], used


def _rate(bench: Bench, kind: str, count: int, rounds: int = _ROUNDS) -> float:
    rates = []
    for _ in range(bench.times(rounds)):
        settings = _settings(bench)
        done: Drained = bench.child(drain, settings=settings, kind=kind, count=bench.times(count, 50))
        _check(settings, kind, done)
        rates.append(done["count"] / done["seconds"])
    return max(rates)


def _settings(bench: Bench) -> dict[str, Any]:
    return bench.settings(queue_size=_LARGE_QUEUE, max_backlog=BACKLOG, application_version="1.0")


def _check(settings: dict[str, Any], kind: str, done: Drained) -> None:
    """Raise where reports were lost or counted elsewhere: a rate that leaves some out is none."""
    count = int(done["count"])
    expected = {
        "zipf": _expected(1, count),
        "distinct": [1] * min(count + _WARM_UP, BACKLOG),
    }.get(kind, [count + _WARM_UP])
    found = _taken(settings)
    if found != expected:
        raise RuntimeError(f"{kind}: {sum(expected):,} reports should have been counted, not {sum(found):,}.")


def _taken(settings: dict[str, Any]) -> list[int]:
    """Return the counts of all entries, in order, and remove these."""
    store = RedisStore(Settings(**settings))
    page = store.page(limit=500)
    counts = [each.count for each in page.entries]
    while page.next:
        page = store.page(limit=500, before=page.next)
        counts += [each.count for each in page.entries]
    store.clear()
    store.close()
    return sorted(counts)


def drain(settings: dict[str, Any], kind: str, count: int, waits: bool = False) -> Drained:
    """Report so often, and return the seconds until all is written, and the CPU seconds of process and caller."""
    with _Reporter(Settings(**settings)) as reporter:
        reporter.report(kind, _WARM_UP)
        reporter.flush()
        if waits:
            wait_for_go()
        caller, cpu, start = time.thread_time(), time.process_time(), time.perf_counter()
        reporter.report(kind, count)
        caller = time.thread_time() - caller
        reporter.flush()
        return {
            "seconds": time.perf_counter() - start,
            "caller": caller,
            "cpu": time.process_time() - cpu,
            "count": count,
            "dropped": reporter.dropped,
        }


class _Reporter:
    """A logger that reports, with the workload's env around it."""

    def __init__(self, settings: Settings) -> None:
        self._service = Service(settings)
        self._logger = logging.Logger(workload.LOGGER)
        self._logger.addHandler(LogsterHandler(service=self._service))
        self._bound = bind(**workload.ENV)
        # Numbers in a message do not tell errors apart.
        self._shards = [(f"{workload.MESSAGE}{number}", {"fingerprint": f"shard {number}"}) for number in range(50)]
        self._number = 0

    def __enter__(self) -> "_Reporter":
        self._bound.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bound.__exit__(None, None, None)
        self._service.close()

    @property
    def dropped(self) -> int:
        return self._service.worker.stats["dropped"]

    def flush(self) -> None:
        """Wait until all is written."""
        if not self._service.worker.flush(_FLUSH_SECONDS):
            raise RuntimeError("The reports were not written in time.")

    def warm_up(self) -> None:
        """Report and write once, so that connection and scripts are there."""
        self._identical(1)
        self.flush()

    def report(self, kind: str, count: int) -> None:
        """Report so often what `kind` names."""
        getattr(self, f"_{kind}")(count)

    def report_evenly(self, *, seconds: float, count: int) -> None:
        """Report the same error so often, spread over some time, and wait until all is written."""
        start = time.monotonic()
        for number in range(count):
            time.sleep(max(start + number * seconds / count - time.monotonic(), 0))
            self._identical(1)
        self.flush()

    def _identical(self, count: int) -> None:
        error, template = self._logger.error, f"{workload.MESSAGE}%s"
        for _ in range(count):
            error(template, 0)

    def _zipf(self, count: int) -> None:
        error, shards, indices = self._logger.error, self._shards, workload.ZIPF
        for start in range(0, count, len(indices)):
            for index in indices[: count - start]:
                message, extra = shards[index]
                error(message, extra=extra)

    def _exceptions(self, count: int) -> None:
        fail, log, template = workload.chain(IDENTICAL_FRAMES), self._logger.exception, f"{workload.MESSAGE}%s"
        for _ in range(count):
            try:
                fail("0")
            except ValueError:
                log(template, 0)

    def _distinct(self, count: int) -> None:
        fail, log, template = workload.chain(workload.FRAMES), self._logger.exception, f"{workload.MESSAGE}%s"
        for _ in range(count):
            self._number += 1
            try:
                fail("0")
            except ValueError:
                log(template, self._number, extra={"fingerprint": f"{self._number}"})


class Together(NamedTuple):
    """What several processes did at once: reports a second, microseconds of CPU time for each, and exact counts.

    The CPU time is that of Redis, of the whole process and of its caller's thread; `page_ms` is what the newest page
    took meanwhile.
    """

    rate: float
    server_us: float
    process_us: float
    caller_us: float
    page_ms: float
    is_exact: bool


def together(bench: Bench, processes: int, count: int) -> Together:
    """Let several processes report so often at the same time."""
    settings = _settings(bench)
    arguments = {"settings": settings, "kind": "zipf", "count": count, "waits": True}
    children = [Child(drain, arguments, profiled=bench.profiling) for _ in range(processes)]
    for each in children:
        each.wait_until_ready()
    store = RedisStore(Settings(**settings))
    store.page()
    before, start = bench.server.cpu_seconds(), time.perf_counter()
    for each in children:
        each.go()
    page_ms = median_ms(store.page, bench.times(10, 3))
    done = [each.result() for each in children]
    seconds, used = time.perf_counter() - start, bench.server.cpu_seconds() - before
    store.close()
    total = processes * count
    return Together(
        rate=total / seconds,
        server_us=1e6 * used / total,
        process_us=1e6 * sum(each["cpu"] for each in done) / total,
        caller_us=1e6 * sum(each["caller"] for each in done) / total,
        page_ms=page_ms,
        is_exact=_taken(settings) == _expected(processes, count),
    )


def _expected(processes: int, count: int) -> list[int]:
    counts = [0] * 50
    for part in (_WARM_UP, count):
        for number in range(part):
            counts[workload.ZIPF[number % len(workload.ZIPF)]] += processes
    return sorted(filter(None, counts))
