"""Serving: requests a second that the viewer answers in this process, with no server and no socket between."""

import asyncio
import time
from collections.abc import Iterator
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks import workload
from benchmarks.bench import Bench
from benchmarks.row import RATE, Row, at_least
from benchmarks.ruby_logster import JAVASCRIPT, LIST_JSON, ruby
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer

_ROUNDS = 5
_FORM = urlencode(workload.form()).encode()


def json_ms(bench: Bench, size: int) -> float:
    """Return the milliseconds of a page as JSON."""
    return 1_000 / _rate(bench, bench.corpus(size).service, "GET", "/api/entries", b"", bench.times(60))


def html_ms(bench: Bench, size: int) -> float:
    """Return the milliseconds of a page as HTML."""
    return 1_000 / _rate(bench, bench.corpus(size).service, "GET", "/", b"", bench.times(30))


def list_rows(bench: Bench) -> Iterator[Row]:
    """The list of 50 entries of 1,000."""
    size = bench.sizes[0]
    rate = 1_000 / bench.at(size, json_ms)
    yield Row(f"list page as JSON, 50 of {size:,}", rate, RATE, (at_least(1_000),), ruby(LIST_JSON, RATE))
    yield Row(f"list page as HTML, 50 of {size:,}", 1_000 / bench.at(size, html_ms), RATE, (at_least(200),))


def javascript_rows(bench: Bench) -> Iterator[Row]:
    """One JavaScript report, over and over, until all are written."""
    settings = Settings(**bench.settings(beacon_per_minute=100_000, queue_size=100_000))
    service = Service(settings)
    rate = _rate(bench, service, "POST", "/report_js_error", _FORM, bench.times(1_500, 10))
    service.worker.flush(60)
    counts = [each.count for each in service.store.page().entries]
    service.store.clear()
    service.close()
    if len(counts) != 1:
        raise RuntimeError(f"The reports became {len(counts)} entries instead of one.")
    what = "JavaScript report in process, deduplicated"
    yield Row(what, rate, RATE, (at_least(4_000),), ruby(JAVASCRIPT, RATE))


def _rate(bench: Bench, service: Service, method: str, path: str, body: bytes, count: int) -> float:
    arguments = {"service": service, "method": method, "path": path, "body": body, "count": count}
    bench.here(_requests_a_second, **{**arguments, "count": 3})
    rounds = bench.times(_ROUNDS)
    return median(bench.here(_requests_a_second, **arguments) for _ in range(rounds))


def _requests_a_second(service: Service, method: str, path: str, body: bytes, count: int) -> float:
    return asyncio.run(_requests(Viewer(lambda _: "Ada", service=service), service, method, path, body, count))


async def _requests(viewer: Viewer, service: Service, method: str, path: str, body: bytes, count: int) -> float:
    await _request(viewer, method, path, body)
    start = time.perf_counter()
    for _ in range(count):
        await _request(viewer, method, path, body)
    if body:
        service.worker.flush(60)
    return count / (time.perf_counter() - start)


async def _request(viewer: Viewer, method: str, path: str, body: bytes) -> None:
    headers = [(b"host", b"forum.example.com"), (b"user-agent", workload.ENV["HTTP_USER_AGENT"].encode())]
    if body:
        headers += [
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(len(body)).encode()),
        ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": f"/logs{path}",
        "raw_path": f"/logs{path}".encode(),
        "root_path": "/logs",
        "query_string": b"",
        "headers": headers,
        "client": ("203.0.113.77", 50_000),
        "server": ("forum.example.com", 80),
        "state": {},
    }
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await viewer(scope, receive, send)
    if statuses != [204 if body else 200]:
        raise RuntimeError(f"{method} {path} was answered with {statuses}.")
