"""Sentry: events of an SDK that the viewer takes in this process, with no server and no socket between."""

import asyncio
import gzip
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import workload
from benchmarks.bench import Bench
from benchmarks.row import RATE, Row, at_least
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer

_KEY = "0123456789abcdef0123456789abcdef"
_FRAMES = 25
_ROUNDS = 5


def rows(bench: Bench) -> Iterator[Row]:
    """One event over and over, as the Python SDK sends it: gzip, source lines and variables; until all are written."""
    body = gzip.compress(_envelope())
    count = bench.times(3_000, 10)
    rates = [bench.here(_rate, bench=bench, body=body, count=count) for _ in range(bench.times(_ROUNDS))]
    yield Row(f"event of a Sentry SDK in process, {_FRAMES} frames, repeated", max(rates), RATE, (at_least(2_000),))


def _envelope() -> bytes:
    """Return what sentry-sdk itself sends of an exception in so many frames."""
    import sentry_sdk
    from sentry_sdk.transport import Transport

    sent: list[bytes] = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.append(envelope.serialize())

    raising = workload.chain(_FRAMES)
    client = sentry_sdk.Client(dsn=f"https://{_KEY}@localhost/1", transport=Kept, default_integrations=False)
    with sentry_sdk.new_scope() as scope:
        scope.set_client(client)
        try:
            raising("no price")
        except Exception:
            sentry_sdk.capture_exception(sys.exc_info())
    client.close()
    (body,) = sent
    found = json.loads(body.split(b"\n", 2)[2])["exception"]["values"][-1]["stacktrace"]["frames"]
    if len(found) != _FRAMES:
        raise RuntimeError(f"The event has {len(found)} frames instead of {_FRAMES}.")
    return body


def _rate(bench: Bench, body: bytes, count: int) -> float:
    service = Service(Settings(**bench.settings(sentry_keys=(_KEY,), sentry_per_minute=10_000_000, queue_size=100_000)))
    try:
        rate = asyncio.run(_events(Viewer(service=service), service, body, count))
        counts = [each.count for each in service.store.page().entries]
        if counts != [count + 1]:
            raise RuntimeError(f"{count + 1} events became entries with the counts {counts}.")
        return rate
    finally:
        service.store.clear()
        service.close()


async def _events(viewer: Viewer, service: Service, body: bytes, count: int) -> float:
    await _event(viewer, body)
    service.worker.flush(60)
    start = time.perf_counter()
    for _ in range(count):
        await _event(viewer, body)
    service.worker.flush(60)
    return count / (time.perf_counter() - start)


async def _event(viewer: Viewer, body: bytes) -> None:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/logs/api/1/envelope/",
        "raw_path": b"/logs/api/1/envelope/",
        "root_path": "/logs",
        "query_string": b"",
        "headers": [
            (b"host", b"forum.example.com"),
            (b"user-agent", b"sentry.python/2.0"),
            (b"x-sentry-auth", f"Sentry sentry_key={_KEY}, sentry_version=7".encode()),
            (b"content-type", b"application/x-sentry-envelope"),
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(body)).encode()),
        ],
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
    if statuses != [200]:
        raise RuntimeError(f"The event was answered with {statuses}.")
