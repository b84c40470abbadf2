"""Load: two hundred viewers with live views and searches while twenty thousand errors a second arrive."""

import os
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import median
from typing import Any

from benchmarks.child import Child
from benchmarks.row import Other, Row, at_least, at_most, at_most_times
from benchmarks.server import Server
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from logster.store.script import all_scripts
from soak import shop, viewers
from soak.stolen import stolen_ms

VIEWERS = 200
RATE = 20_000
SECONDS = 60
_REPORTERS = 2
_NEW_RATE = 1.0
_THINK_SECONDS = 4.0
_ORDER_RATE = 20.0
_P99_MS = 500
_COMMAND_MS = 10
# Two equal apps differ by as much from run to run.
_NOISE = 1.1
_NOTED_US = 1_000
_SLOWLOG_LENGTH = 10_000
_MICROSECONDS = 1e3


def run(count: int = VIEWERS, rate: float = RATE, seconds: float = SECONDS) -> Iterator[Row]:
    """Yield what viewers, Redis and the host app noticed, and whether every count is right."""
    with Server() as server, ExitStack() as stack:
        settings: dict[str, Any] = {"redis_url": server.url}
        log, log_port = _serving(stack, shop.serve_log, settings)
        with_it, with_port = _serving(stack, shop.serve_shop, settings)
        without, without_port = _serving(stack, shop.serve_shop, None)
        reporters = [
            _start(
                shop.report,
                settings=settings,
                who=who,
                rate=rate / _REPORTERS,
                seconds=seconds,
                new_rate=_NEW_RATE / _REPORTERS,
            )
            for who in range(_REPORTERS)
        ]
        looking = _start(viewers.view, port=log_port, viewers=count, seconds=seconds, think_seconds=_THINK_SECONDS)
        ordering = _start(shop.order, ports=[with_port, without_port], rate=_ORDER_RATE, seconds=seconds)
        server.client.config_set("slowlog-max-len", _SLOWLOG_LENGTH)
        server.client.config_set("slowlog-log-slower-than", _NOTED_US)
        before = server.cpu_seconds()
        for each in (*reporters, looking, ordering):
            each.wait_until_ready()
        stolen_before = stolen_ms()
        for each in (*reporters, looking, ordering):
            each.go()
        seen, ordered = looking.result(), ordering.result()
        reported = [each.result() for each in reporters]
        stolen_after = stolen_ms()
        redis_cpu = server.cpu_seconds() - before
        slowest = max(server.client.slowlog_get(-1), key=lambda each: each["duration"], default=None)
        for each in (log, with_it, without):
            each.go()
        log_cpu = log.result()["cpu"]
        with_it.result(), without.result()
        wrong = _wrong(Settings(**settings), reported)
    machine = f"{os.cpu_count()} CPUs for all"
    shares = {
        "Redis": redis_cpu,
        "the app": log_cpu,
        "reporters": sum(each["cpu"] for each in reported),
        "viewers": seen["cpu"],
    }
    used = ", ".join(f"{who} {cpu / seconds:.2f}" for who, cpu in shares.items())
    took = seen["milliseconds"]
    what = f"{count} viewers, {rate:,.0f} errors a second"
    arrived = sum(sum(each["sent"].values()) / each["seconds"] for each in reported)
    yield Row(f"{what}: reported", arrived, "/s", (at_least(0.95 * rate),), note=f"CPU shares: {used}; {machine}")
    note = f"{len(took):,} answers, median {median(took):.0f} ms; {seen['events']:,} events heard"
    yield Row(f"{what}: 99th percentile of an answer", shop.percentile(took, 99), "ms", (at_most(_P99_MS),), note=note)
    mistakes = seen["wrongs"] + seen["ended"]
    note = "; ".join(seen["wrong"])
    yield Row(f"{what}: answers that are wrong, live views that ended", mistakes, "", (at_most(0),), note=note)
    yield Row(f"{what}: occurrences counted other than once", wrong, "", (at_most(0),))
    ms = slowest["duration"] / _MICROSECONDS if slowest else 0.0
    note = _name(slowest["command"]) if slowest else "none took a millisecond"
    if stolen_before is not None and stolen_after is not None:
        note += f"; the hypervisor took {stolen_after - stolen_before:.0f} ms of CPU time meanwhile"
    yield Row(f"{what}: Redis's slowest command, by SLOWLOG", ms, "ms", (at_most(_COMMAND_MS),), note=note)
    for name, bars in (("median", (at_most_times(_NOISE),)), ("p99", ())):
        other = Other("without the handler", ordered[1][name])
        page = f"{what}: a page of the host app that logs an exception each time, {name}"
        yield Row(page, ordered[0][name], "ms", bars, other)


def _name(command: bytes) -> str:
    words = command.decode(errors="replace").split()
    return next((f"{each.name}.lua" for each in all_scripts() if each.sha in words[:2]), words[0])


def _serving(stack: ExitStack, function: Callable[..., Any], settings: dict[str, Any] | None) -> tuple[Child, int]:
    """Start what serves on a port of its own; return it once it does, and the port."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.set_inheritable(True)
    child = _start(function, settings=settings, descriptor=listener.fileno())
    child.wait_until_ready()
    return child, listener.getsockname()[1]


def _start(function: Callable[..., Any], **arguments: Any) -> Child:
    return Child(function, arguments, profiled=False)


def _wrong(settings: Settings, reported: list[dict[str, Any]]) -> int:
    """Return how many occurrences are counted other than once, were dropped, or were not written in time."""
    sent: Counter[str] = Counter()
    for each in reported:
        sent.update(each["sent"])
    store = RedisStore(settings)
    found: Counter[str] = Counter()
    page = store.page(limit=500)
    while True:
        found.update({each.message: each.count for each in page.entries})
        if not page.next:
            break
        page = store.page(limit=500, before=page.next)
    store.close()
    differing: int = sum(abs(sent[name] - found[name]) for name in sent)
    return differing + sum(int(each["dropped"]) + (not each["is_written"]) for each in reported)
