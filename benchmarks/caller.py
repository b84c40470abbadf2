"""The caller's thread: what a logging call costs whoever makes it, beside the handlers that others would use."""

import gc
import logging
import logging.handlers
import queue
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median
from typing import Any

from benchmarks import workload
from benchmarks.bench import Bench
from benchmarks.row import Other, Row, at_most_times
from benchmarks.ruby_logster import CALLER_US, Nothing, ruby
from logster.capture.context import bind
from logster.capture.handler import LogsterHandler
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore

FRAMES = 25
SENTRY = "sentry-sdk"
_CALLS_A_BATCH = 20
_NANOSECONDS = 1_000.0

Call = Callable[[], None]
Timings = dict[str, float]


def plain(bench: Bench) -> Iterator[Row]:
    """A plain error."""
    found = _beside(bench, "plain", ["logster", "queue", SENTRY])
    yield _row("caller's thread, plain error", found, "logster", "queue", 1.0)
    yield Row("caller's thread, plain error", found["logster"]["median"], "µs", (), _other(found, SENTRY))
    yield Row("caller's thread, plain error", found["logster"]["median"], "µs", (), ruby(CALLER_US, "µs"))


def exception(bench: Bench) -> Iterator[Row]:
    """An exception with 25 frames."""
    found = _beside(bench, "exception", ["logster", "queue", SENTRY])
    what = f"caller's thread, exception with {FRAMES} frames"
    yield _row(what, found, "logster", "queue", 0.15)
    yield _row(what, found, "logster", SENTRY, 0.02)


def storm(bench: Bench) -> Iterator[Row]:
    """The same calls one after the other with no pause, while the worker is busy with those before."""
    for what, calls in (("plain", 30_000), ("exception", 8_000)):
        rounds = [
            bench.child(
                time_storm, settings=bench.settings(queue_size=1_000_000), what=what, calls=bench.times(calls, 50)
            )
            for _ in range(bench.times(3))
        ]
        quietest = min(rounds, key=lambda each: each["p99"])
        other, p99 = Other("its median", quietest["median"]), quietest["p99"]
        yield Row(f"p99 under a storm with the worker busy, {what}", p99, "µs", (at_most_times(10),), other)


def kept_out(bench: Bench) -> Iterator[Row]:
    """A call below the handler's level, and one that a suppression pattern keeps out."""
    found = _beside(bench, "plain", ["below", "suppressed", "nothing"])
    yield _row("a call below level", found, "below", "nothing", 1.1)
    yield _row("a suppressed source", found, "suppressed", "nothing", 1.1)


def _row(what: str, found: dict[str, Timings], ours: str, other: str, limit: float) -> Row:
    return Row(what, found[ours]["median"], "µs", (at_most_times(limit),), _other(found, other))


_NAMES = {"queue": "stdlib QueueHandler", "nothing": "a handler that does nothing", SENTRY: SENTRY}


def _other(found: dict[str, Timings], name: str) -> Other:
    return Other(_NAMES[name], found[name]["median"] if name in found else None)


def _beside(bench: Bench, what: str, handlers: list[str]) -> dict[str, Timings]:
    """Return the timings of one call with each handler: a process each, in turn, and the quietest of the rounds."""
    rounds: dict[str, list[Timings]] = {}
    for _ in range(bench.times(5)):
        for name in handlers:
            # It patches the process that it is in, which a quick run shares.
            if name == SENTRY and (find_spec("sentry_sdk") is None or bench.quick):
                continue
            calls = bench.times(100 if name == SENTRY else 2_000, 20)
            timings = bench.child(time_calls, settings=bench.settings(), what=what, handler=name, calls=calls)
            rounds.setdefault(name, []).append(timings)
    return {name: min(found, key=lambda each: each["median"]) for name, found in rounds.items()}


def time_calls(settings: dict[str, Any], what: str, handler: str, calls: int) -> Timings:
    """Return the median of one call's microseconds; after each burst what was reported is dealt with."""
    with _Caller(settings, handler) as caller:
        times: list[float] = []
        if what == "exception":
            for number in range(calls):
                if number % 100 == 0:
                    caller.settle()
                times.append(caller.time_exception())
        else:
            for number in range(calls // _CALLS_A_BATCH):
                if number % 10 == 0:
                    caller.settle()
                times.append(caller.time_plain(_CALLS_A_BATCH))
        return {"median": median(times)}


def time_storm(settings: dict[str, Any], what: str, calls: int) -> Timings:
    """Return median and p99 of calls that are made with no pause."""
    with _Caller(settings, "logster") as caller:
        call = caller.time_exception if what == "exception" else caller.time_plain
        # The worker meets the first of them and is busy from then on.
        for _ in range(calls // 10):
            call()
        times = sorted(call() for _ in range(calls))
        return {"median": median(times), "p99": times[len(times) * 99 // 100]}


class _Caller:
    """A logger with one handler, and calls of it with a clock around them."""

    def __init__(self, settings: dict[str, Any], handler: str) -> None:
        self._logger = logging.Logger(workload.LOGGER)
        self._raise = workload.chain(FRAMES)
        self._settle: Call = lambda: None
        self._service = Service(Settings(**settings))
        self._log = self._logger.error
        self._bound = bind(**workload.ENV)
        getattr(self, f"_use_{handler.partition('-')[0]}")()
        self._template = f"{workload.MESSAGE}%s"

    def __enter__(self) -> "_Caller":
        self._bound.__enter__()
        for _ in range(50):
            self.time_plain()
            self.time_exception()
        self.settle()
        gc.collect()
        gc.freeze()
        return self

    def __exit__(self, *_: object) -> None:
        self._bound.__exit__(None, None, None)
        self._service.close()
        gc.unfreeze()

    def settle(self) -> None:
        """Wait until what was reported is dealt with."""
        self._settle()

    def time_plain(self, calls: int = 1) -> float:
        """Return the microseconds of a plain error."""
        log, template = self._log, self._template
        start = time.perf_counter_ns()
        for _ in range(calls):
            log(template, 0)
        return (time.perf_counter_ns() - start) / calls / _NANOSECONDS

    def time_exception(self) -> float:
        """Return the microseconds of reporting an exception; raising it is not ours to pay."""
        logger, template = self._logger, self._template
        try:
            self._raise("0")
        except ValueError:
            start = time.perf_counter_ns()
            logger.exception(template, 0)
            return (time.perf_counter_ns() - start) / _NANOSECONDS
        raise AssertionError

    def _use_nothing(self) -> None:
        self._logger.addHandler(Nothing())

    def _use_queue(self) -> None:
        # The cheapest queue there is, and nobody at its other end meanwhile.
        records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self._logger.addHandler(logging.handlers.QueueHandler(records))

        def settle() -> None:
            while not records.empty():
                records.get()

        self._settle = settle

    def _use_logster(self) -> None:
        self._logger.addHandler(LogsterHandler(service=self._service))
        self._settle = lambda: _flushed(self._service)

    def _use_below(self) -> None:
        self._use_logster()
        self._logger.handlers[0].setLevel(logging.ERROR)
        self._log = self._logger.warning

    def _use_suppressed(self) -> None:
        self._use_logster()
        store = RedisStore(self._service.settings)
        store.add_pattern("suppression", "/UndefinedColumn/")
        store.close()

    def _use_sentry(self) -> None:
        import sentry_sdk
        from sentry_sdk.transport import Transport

        class Nowhere(Transport):
            def capture_envelope(self, envelope: Any) -> None:
                """Do nothing."""

        # As it comes; the breadcrumbs are full, as in any program that has logged for a while.
        sentry_sdk.init("http://key@localhost/1", transport=Nowhere)
        sentry_sdk.set_context("request", workload.ENV)
        self._logger.addHandler(Nothing())


def _flushed(service: Service) -> None:
    if not service.worker.flush(60):
        raise RuntimeError("The reports were not written within a minute.")
