"""Garbage: ten thousand broken requests to every route, and bodies of a gigabyte, at servers on real sockets."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from benchmarks.child import Child
from benchmarks.row import Row, at_most
from benchmarks.server import Server
from logster import service as services
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.integrations.malformed import BODIES, GONE, NO_ANSWER, Garbler, endless, outcome
from tests.integrations.raw_http import Site, uvicorn_with, wsgi_server_with
from tests.integrations.test_header_injection import asgi_site, signed, wsgi_site

REQUESTS = 10_000
BODY_BYTES = 1_000_000_000
_GROWTH_MB = 64
_TAKEN_MB = 30
_KEY = "0123456789abcdef"
_SERVERS: dict[str, Callable[[Any], AbstractContextManager[Site]]] = {
    "uvicorn": lambda service: uvicorn_with(asgi_site(service)),
    "wsgiref": lambda service: wsgi_server_with(wsgi_site(service)),
}


def run(requests: int = REQUESTS) -> Iterator[Row]:
    """Yield for each server what so many broken requests to every route, and endless bodies, did to it."""
    with ExitStack() as stack:
        redis_urls = {name: stack.enter_context(Server()).url for name in _SERVERS}
        attacks = {
            name: Child(attack, {"server": name, "redis_url": url, "requests": requests}, profiled=False)
            for name, url in redis_urls.items()
        }
        results = {name: each.result() for name, each in attacks.items()}
    for name, found in results.items():
        what = f"{name}, {requests:,} broken requests to each of {found['routes']} routes"
        statuses = ", ".join(f"{count:,} x {status}" for status, count in found["statuses"].items())
        yield Row(f"{what}: errors of the server's, no answers", found["wrong"], "", (at_most(0),), note=statuses)
        yield Row(f"{what}: growth of the process", found["growth"] / 1e6, "MB", (at_most(_GROWTH_MB),))
        what = f"{name}, a body of {BODY_BYTES / 1e9:g} GB"
        note = ", ".join(found["endless"])
        yield Row(
            f"{what}: the most that was taken of one", found["taken"] / 1e6, "MB", (at_most(_TAKEN_MB),), note=note
        )
        yield Row(f"{what}: growth of the process", found["endless_growth"] / 1e6, "MB", (at_most(_GROWTH_MB),))


def attack(server: str, redis_url: str, requests: int) -> dict[str, Any]:
    """Serve an app with the log in this process, and send it garbage."""
    service = Service(Settings(redis_url=redis_url, sentry_keys=(_KEY,), beacon_per_minute=100_000))
    services._service = service
    # It says of each request that it is broken, with a traceback where it had begun to answer.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    statuses: Counter[int] = Counter()
    routes = Viewer()._app.routes
    with _SERVERS[server](service) as site:
        garbler = Garbler(0, b"/logs", signed(site).strip().split(b"\r\n"))
        warm_up = requests // 10
        for number in range(requests):
            if number == warm_up:
                before = _resident_bytes()
            for route in routes:
                statuses[_status(site.port, garbler, route)] += 1
                # What is kept here of every answer's headers would pass for growth of the server's.
                site.sent.clear()
        growth = _resident_bytes() - before
        before = _resident_bytes()
        taken = {path: endless(site.port, path, kind, BODY_BYTES) for path, kind in BODIES}
        endless_growth = _resident_bytes() - before
        if site.ask("GET", b"/logs/").status != 200:
            statuses[NO_ANSWER] += 1
    wrong = sum(count for status, count in statuses.items() if status == NO_ANSWER or status in (500, 502, 503, 504))
    return {
        "routes": len(routes),
        "wrong": wrong,
        "statuses": {_named(status): count for status, count in sorted(statuses.items())},
        "growth": growth,
        "taken": max(count for count, _ in taken.values()),
        "endless": [f"{path.decode()} {_named(status)}" for path, (_, status) in taken.items()],
        "endless_growth": endless_growth,
    }


def _status(port: int, garbler: Garbler, route: Any) -> int:
    request = garbler.request(route)
    try:
        status = outcome(port, request)
    except TimeoutError:
        return NO_ANSWER
    # Who hangs up on what is no HTTP has answered.
    return GONE if status == NO_ANSWER else status


def _named(status: int) -> str:
    return {NO_ANSWER: "no answer", GONE: "hung up"}.get(status, str(status))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
