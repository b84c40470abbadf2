"""Serving: requests a second that the viewer answers in this process, with no server and no socket between."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from benchmarks import workload
from benchmarks.bench import Bench, Corpus
from benchmarks.row import RATE, Row, at_least
from benchmarks.ruby_logster import JAVASCRIPT, LIST_JSON, ruby
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer

# What else the machine does goes on for seconds, and a round takes a tenth of one.
_ROUNDS = 30
_PAGE = 50
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
    # What a process remembers of rows is of no use here; nor is the processor's cache, which the reports have filled.
    for form, path, count in (("JSON", "/api/entries", 60), ("HTML", "/", 30)):
        yield Row(f"the same as {form}, every row new since the page before", _of_new_rows(bench, path, count), RATE)


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


def _of_new_rows(bench: Bench, path: str, count: int) -> float:
    corpus = Corpus(bench, bench.sizes[0])
    numbers = itertools.count(corpus.size)

    def report() -> None:
        # Each as the newest of all that there were.
        fresh = [workload.report(corpus.namespace, number, number + 1) for number in islice(numbers, _PAGE)]
        corpus.store.report(fresh)

    rate = _rate(bench, corpus.service, "GET", path, b"", bench.times(count), report)
    corpus.close()
    return rate


def _rate(
    bench: Bench,
    service: Service,
    method: str,
    path: str,
    body: bytes,
    count: int,
    before_each: Callable[[], None] | None = None,
) -> float:
    arguments = {"service": service, "method": method, "path": path, "body": body, "count": count}
    arguments["before_each"] = before_each
    bench.here(_requests_a_second, **{**arguments, "count": 3})
    rounds = bench.times(_ROUNDS)
    return max(bench.here(_requests_a_second, **arguments) for _ in range(rounds))


def _requests_a_second(
    service: Service, method: str, path: str, body: bytes, count: int, before_each: Callable[[], None] | None
) -> float:
    viewer = Viewer(_ada, service=service)
    return asyncio.run(_requests(viewer, service, method, path, body, count, before_each))


async def _ada(_: Request) -> str:
    # Async, as an app that is async would have it: a thread for what is not would be the host's to pay for.
    return "Ada"


async def _requests(
    viewer: Viewer,
    service: Service,
    method: str,
    path: str,
    body: bytes,
    count: int,
    before_each: Callable[[], None] | None,
) -> float:
    await _request(viewer, method, path, body)
    start, apart = time.perf_counter(), 0.0
    for _ in range(count):
        if before_each:
            began = time.perf_counter()
            before_each()
            apart += time.perf_counter() - began
        await _request(viewer, method, path, body)
    if body:
        service.worker.flush(60)
    return count / (time.perf_counter() - start - apart)


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
