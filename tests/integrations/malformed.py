"""Requests that are broken in one way or in several, made of good ones for every route."""

import functools
import gzip
import json
import random
import select
import socket
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.routing import Route

JUNK = [
    b"\x00", b"%", b"%00", b"%zz", b"%c3%28", b"%f0%28%8c%bc", b"\xff\xfe", b"\xed\xa0\x80", b"\r", b"\n", b"\t", b" ",
    b"'", b'"', b"<", b"../", b"..%2f", b"//", b"\\", b";", b"#", b"?", b"&", b"=", b"{}", b"[]", b"-1", b"1e309",
    b"99999999999999999999", b"%d0%00", b"\xc3\xa9", b"*", b"(" * 50, b"x" * 3_000, b"\x7f", b"\x80",
]  # fmt: skip
QUERIES = [b"q", b"level", b"before", b"after", b"since", b"until", b"during", b"limit", b"key", b"fragment", b"tab"]
KINDS = [
    b"application/json", b"application/x-www-form-urlencoded", b"text/plain", b"application/csp-report", b"",
    b"application/reports+json", b"application/x-sentry-envelope", b"multipart/form-data; boundary=x",
    b"a/b; charset=\xff", b"application/json; charset=utf-7", b"application/x-www-form-urlencoded; charset=nope",
]  # fmt: skip
VALUES = {"key": "0" * 31 + "1", "change": "protect", "kind": "grouping", "version": "1", "name:path": "tokens.css"}
# What takes a body, and of which kind.
BODIES = [
    (b"/logs/report_js_error", b"application/json"),
    (b"/logs/browser_reports", b"application/reports+json"),
    (b"/logs/api/1/envelope/", b"application/x-sentry-envelope"),
    (b"/logs/api/1/store/", b"application/json"),
    (b"/logs/clear", b"application/x-www-form-urlencoded"),
]
SECONDS = 10.0
NO_ANSWER = 0
GONE = -1


@dataclass
class Request:
    """A request's parts, as they will be sent. Where it is `cut`, the server waits for more than comes."""

    method: bytes
    target: bytes
    headers: list[bytes] = field(default_factory=list)
    body: bytes = b""
    length: bytes | None = None
    cut: bool = False
    raw: bytes = b""

    def sent(self) -> bytes:
        if self.raw:
            return self.raw
        length = b"Content-Length: %d" % len(self.body) if self.length is None else self.length
        head = [b"%s %s HTTP/1.1" % (self.method, self.target), b"Host: shop.example", b"Connection: close", length]
        return b"\r\n".join([*(line for line in [*head, *self.headers] if line), b"", self.body])


class Garbler:
    """Makes requests, the same for the same seed.

    Arguments:
        seed: of chance.
        base: where the log stands.
        signed: the lines of headers that a change from the log's own page brings.
    """

    def __init__(self, seed: int, base: bytes, signed: Sequence[bytes]) -> None:
        self._chance = random.Random(seed)
        self._base = base
        self._signed = signed
        self._ways: list[Callable[[Request], None]] = [
            self._method, self._target, self._target, self._query, self._query, self._long, self._header, self._cookie,
            self._length, self._chunked, self._encoded, self._deep, self._body, self._body, self._kind, self._version,
            self._noise,
        ]  # fmt: skip

    def request(self, route: Route) -> Request:
        """Return a broken request for a route."""
        request = self._good(route)
        for _ in range(self._chance.randint(1, 3)):
            self._chance.choice(self._ways)(request)
        return request

    def _good(self, route: Route) -> Request:
        path = route.path.replace("{project}", "1")
        for name, value in VALUES.items():
            path = path.replace("{" + name + "}", value)
        key = json.dumps({"message": "x", "event_id": "a" * 32, "key": VALUES["key"], "pattern": "/ab+/"}).encode()
        body = self._chance.choice([key, b"message=x&key=" + VALUES["key"].encode(), b'{}\n{"type":"event"}\n' + key])
        return Request(
            self._chance.choice(sorted(route.methods or {"GET"})).encode(),
            self._base + path.encode(),
            [
                *self._signed,
                b"Content-Type: " + self._chance.choice(KINDS),
                b"X-Sentry-Auth: Sentry sentry_key=" + b"k" * 16,
            ],
            body,
        )

    def _junk(self) -> bytes:
        return b"".join(self._chance.choices(JUNK, k=self._chance.randint(1, 4)))

    def _into(self, text: bytes) -> bytes:
        position = self._chance.randint(0, len(text))
        return text[:position] + self._junk() + text[position:]

    def _method(self, request: Request) -> None:
        request.method = self._chance.choice([b"PROPFIND", b"get", b"POST", b"TRACE", b"\xff", b"", b"G" * 5_000])

    def _target(self, request: Request) -> None:
        request.target = self._into(request.target)

    def _query(self, request: Request) -> None:
        request.target += b"?" + self._chance.choice(QUERIES) + b"=" + self._junk()

    def _long(self, request: Request) -> None:
        request.target += b"?q=" + b"a%20" * self._chance.choice([500, 15_000])

    def _header(self, request: Request) -> None:
        line = self._chance.choice(
            [b"X-Request-Id: ", b"Accept: ", b"Referer: ", b"Origin: ", b"Sec-Fetch-Site: ", b"", b":"]
        )
        request.headers += [line + self._junk()] * self._chance.choice([1, 1, 200])

    def _cookie(self, request: Request) -> None:
        request.headers.append(b"Cookie: " + self._into(b"logster_csrf=x; logster_login=1.edit.99999999999.0"))

    def _length(self, request: Request) -> None:
        said = self._chance.choice([b"-1", b"+5", b"0x5", b"5, 5", b"x", b"", b"9" * 30, b"1", b"100000"])
        request.length = b"Content-Length: " + said
        request.cut = True

    def _chunked(self, request: Request) -> None:
        request.length = b"Transfer-Encoding: chunked"
        request.body = self._chance.choice(
            [b"5\r\nab", b"zz\r\n", b"-1\r\n\r\n", b"f" * 40 + b"\r\n", b"1;x\r\na\r\n0\r\n\r\n"]
        )
        request.cut = True

    def _encoded(self, request: Request) -> None:
        others = [(b"br", self._junk()), (b"gzip", self._junk()), (self._junk(), b"x")]
        name, request.body = self._chance.choice([*_bombs(), *others])
        request.headers.append(b"Content-Encoding: " + name)

    def _deep(self, request: Request) -> None:
        count = self._chance.choice([500, 20_000])
        request.body = self._chance.choice([b"[" * count, b'{"a":' * count, b'{"env":' * count + b"1" + b"}" * count])

    def _body(self, request: Request) -> None:
        request.body = self._into(request.body)

    def _kind(self, request: Request) -> None:
        request.headers.append(b"Content-Type: " + self._chance.choice(KINDS))

    def _version(self, request: Request) -> None:
        head, _, rest = request.sent().partition(b" HTTP/1.1\r\n")
        request.raw = (
            head
            + self._chance.choice([b" HTTP/9.9\r\n", b" HTTP/1.0\r\n", b"\r\n", b" \x00\r\n", b" HTTP/1.1\n"])
            + rest
        )
        request.cut = True

    def _noise(self, request: Request) -> None:
        if self._chance.random() < 0.2:
            request.raw = self._chance.randbytes(self._chance.randint(1, 2_000))
            request.cut = True


@functools.cache
def _bombs() -> list[tuple[bytes, bytes]]:
    bomb = b"\x00" * 5_000_000
    return [(b"gzip", gzip.compress(bomb, 1)), (b"deflate", zlib.compress(bomb, 1))]


def outcome(port: int, request: Request) -> int:
    """Send a request, and return the status of its answer, NO_ANSWER where the server hangs up, GONE where it waits.

    Raises:
        TimeoutError: a server that has all of a request does not answer.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection, suppress(ConnectionError):
        connection.sendall(request.sent())
        if request.cut:
            with suppress(OSError):  # the server has hung up
                connection.shutdown(socket.SHUT_WR)
        while b"\r\n" not in received:
            piece = connection.recv(65_536)
            if not piece:
                return GONE if request.cut else NO_ANSWER
            received += piece
    words = received.split(None, 2)
    return int(words[1]) if received.startswith(b"HTTP/1.") else NO_ANSWER


def endless(port: int, path: bytes, kind: bytes, most: int) -> tuple[int, int]:
    """Send a body that does not end; return how many bytes were taken of it, and the status; GONE for a hang-up.

    Arguments:
        port: of the server.
        path: of the route.
        kind: the body's Content-Type.
        most: after how many bytes to end.
    """
    head = b"POST %s HTTP/1.1\r\nHost: shop.example\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n" % (
        path,
        kind,
    )
    key = b"X-Sentry-Auth: Sentry sentry_key=0123456789abcdef\r\nOrigin: http://shop.example\r\n\r\n"
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    taken = 0
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection, suppress(ConnectionError):
        connection.sendall(head + key)
        while taken < most:
            connection.sendall(piece)
            taken += len(piece)
            if select.select([connection], [], [], 0)[0]:
                break
        if received := connection.recv(65_536):
            return taken, int(received.split(None, 2)[1])
    return taken, GONE
