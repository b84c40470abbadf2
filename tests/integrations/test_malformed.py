"""Broken requests to every route, at servers on real sockets: none is answered with an error of the server's own.

`make soak SOAK=garbage` sends many more, bodies of a gigabyte, and bodies that never end.
"""

import logging
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
from h11 import LocalProtocolError

from logster.service import Service
from logster.viewer import patience
from tests.integrations.malformed import BODIES, GONE, SECONDS, Garbler, endless, outcome
from tests.integrations.raw_http import Site, uvicorn_with
from tests.integrations.test_header_injection import asgi_site, routes, service, signed, site

__all__ = ["service", "site"]

A_ROUTE = 15


class Mistakes(logging.Handler):
    """What servers log with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # What a server says to itself of what its client did.
        if record.exc_info and not isinstance(record.exc_info[1], LocalProtocolError):
            self.found.append(self.format(record))


@pytest.fixture
def mistakes() -> Iterator[list[str]]:
    handler = Mistakes()
    loggers = [logging.getLogger(name) for name in ("uvicorn.error", "asyncio", "logster")]
    for each in loggers:
        each.addHandler(handler)
    yield handler.found
    for each in loggers:
        each.removeHandler(handler)


@pytest.mark.parametrize("seed", range(4))
def test_no_broken_request_is_the_servers_fault(site: Site, service: Service, mistakes: list[str], seed: int) -> None:
    garbler = Garbler(seed, b"/logs", signed(site).strip().split(b"\r\n"))
    statuses: Counter[int] = Counter()
    for route in routes():
        for _ in range(A_ROUTE // 4 + 1):
            request = garbler.request(route)
            try:
                status = outcome(site.port, request)
            except TimeoutError:
                pytest.fail(f"no answer to {request.sent()[:3_000]!r}")
            assert status < 500 or status in (501, 505), request.sent()[:3_000]
            statuses[status] += 1
    assert mistakes == []
    # Requests were taken apart, not only hung up on.
    assert {200, 400, 403, 404, 405} <= set(statuses)
    assert site.ask("GET", b"/logs/").status == 200
    assert service.worker.flush(10)
    assert service.worker.stats["dropped"] == 0


@pytest.mark.parametrize(("path", "kind"), BODIES)
def test_a_body_without_end_is_refused_early(site: Site, path: bytes, kind: bytes) -> None:
    taken, status = endless(site.port, path, kind, most=100_000_000)
    assert taken < 30_000_000
    assert status in (400, 403, 413, GONE)


def test_a_body_that_comes_too_slowly_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "BODY_SECONDS", 0.2)
    with uvicorn_with(asgi_site(service)) as site:
        for path, kind in BODIES:
            head = b"POST %s HTTP/1.1\r\nHost: shop.example\r\nContent-Type: %s\r\nContent-Length: 1000\r\n"
            head += b"X-Sentry-Auth: Sentry sentry_key=0123456789abcdef\r\nOrigin: http://shop.example\r\n\r\n"
            with socket.create_connection(("127.0.0.1", site.port), SECONDS) as connection:
                connection.sendall(head % (path, kind) + b"x")
                ended = threading.Event()

                def drip(connection: socket.socket = connection, ended: threading.Event = ended) -> None:
                    while not ended.wait(0.05):
                        with suppress(OSError):
                            connection.sendall(b"x")

                thread = threading.Thread(target=drip)
                thread.start()
                received = connection.recv(65_536)
                ended.set()
                thread.join()
            assert received.startswith(b"HTTP/1.1 408"), (path, received[:300])
