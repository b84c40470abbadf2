"""What strangers would write into headers, and servers on real sockets that are asked with bytes as they are.

Clients tidy requests up, and servers refuse answers that the app should not have made.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_from_bytes, urljoin, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn

HOST = "shop.example"
EVIL = "evil.example"

INJECTIONS = [
    b"\r\nX-Injected: yes", b"\nX-Injected: yes", b"\rX-Injected: yes", b"\r\n\r\n<b>X-Injected</b>",
    b"\r\n X-Injected: yes", b"\x00", b"\x0b\x0cX-Injected: yes", b"\x1b[31m\x7f", b"\tX-Injected: yes",
    "\u560a\u560dX-Injected: yes".encode(), "\u2028X-Injected\u2029".encode(), "\x85X-Injected: yes".encode(),
    b'"; filename="evil.html', b"; filename*=UTF-8''evil.html", b"\\\"; X=\"", b"UTF-8''%0d%0aX-Injected:%20yes",
    b"%0d%0aX-Injected: yes", b"%250d%250aX-Injected: yes", b"; Path=/; Domain=.example", b", X-Injected",
    b"=?utf-8?q?x?=",
    "\u00e9\u4e2d\U0001f9e8".encode(), b"\xff\xfe\xed\xa0\x80", b"../../x.html", b"a b", b"<script>", b"x" * 5_000,
    "\u4e2d".encode() * 1_000, b"",
]  # fmt: skip
ELSEWHERE = [
    f"//{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}", f"///{EVIL}", f"https:{EVIL}", f"https:/{EVIL}", f"https://{EVIL}",
    f"http:///{EVIL}", f"\t//{EVIL}", f"/\t/{EVIL}", f"/\n/{EVIL}", f" //{EVIL}", f"\x00//{EVIL}", f"..//{EVIL}",
    f".//{EVIL}", f"/..//{EVIL}", f"/%2f{EVIL}", f"/%5c{EVIL}", f"@{EVIL}", f":@{EVIL}", f"?//{EVIL}", f"#//{EVIL}",
    f";//{EVIL}", f"/.{EVIL}", f"/%09/{EVIL}", f"//{EVIL}/%2e%2e", f"//{HOST}@{EVIL}", f"//{EVIL}#@{HOST}",
    "javascript:alert(1)", "data:text/html,x", f"\u3002{EVIL}", f"\uff0f\uff0f{EVIL}", f"https://{EVIL}\\@{HOST}",
]  # fmt: skip
PAYLOADS = [*INJECTIONS, *(each.encode() for each in ELSEWHERE)]

# RFC 9110, without what it only tolerates.
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\x20-\x7e\t]*")
_DISPOSITION = re.compile(r'inline; filename="[A-Za-z0-9.-]{1,100}"')
_COOKIE = re.compile(r"(__\w+-)?logster_(csrf|login|demo)=[A-Za-z0-9._\"=-]*(; [\w-]+(=[\w/ ,:-]+)?)*")
KNOWN = {
    "access-control-allow-headers", "access-control-allow-methods", "access-control-allow-origin",
    "access-control-expose-headers", "access-control-max-age", "allow", "cache-control", "connection",
    "content-disposition", "content-encoding", "content-length", "content-security-policy", "content-type",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "date", "etag", "location", "permissions-policy",
    "referrer-policy", "retry-after", "server", "set-cookie", "transfer-encoding", "vary", "www-authenticate",
    "x-accel-buffering", "x-content-type-options", "x-frame-options", "x-robots-tag", "x-sentry-error",
    "x-sentry-rate-limits",
}  # fmt: skip


@dataclass
class Answer:
    """What came back: the bytes of the head, and its fields."""

    status: int
    head: bytes
    body: bytes
    fields: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str) -> str:
        return next((value for known, value in self.fields if known == name), "")


class Site:
    """A server that runs, asked with bytes as they are."""

    def __init__(self, port: int, sent: list[Any]) -> None:
        self.port = port
        self.sent = sent

    def ask(self, method: str, target: bytes, headers: bytes = b"", body: bytes = b"") -> Answer:
        """Return what is answered to a request whose parts are sent as they are given."""
        self.sent.clear()
        host = b"" if headers.startswith(b"Host:") else b"Host: %s\r\n" % HOST.encode()
        head = b"%s %s HTTP/1.1\r\n%sConnection: close\r\n" % (method.encode(), target, host)
        with socket.create_connection(("127.0.0.1", self.port), 30) as connection:
            connection.sendall(head + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
        head, separator, content = received.partition(b"\r\n\r\n")
        assert separator, (target, received)
        status, *lines = head.split(b"\r\n")
        answer = Answer(int(status.split()[1]), head, content)
        for line in lines:
            assert _FIELD.fullmatch(line), (target, line)
            name, _, value = line.decode().partition(":")
            answer.fields.append((name.lower(), value.strip()))
        return answer

    def check(self, method: str, target: bytes, headers: bytes = b"", body: bytes = b"") -> Answer:
        """Ask, and look whether the answer's head says nothing that it was told to say."""
        answer = self.ask(method, target, headers, body)
        about = method, target[:200], headers[:200], body[:200], answer.head
        assert answer.status != 500, about
        assert not answer.body.startswith(b"<b>X-Injected"), about
        names = [name for name, _ in answer.fields]
        assert set(names) <= KNOWN, about
        assert len(names) == len({*names}) + max(names.count("set-cookie") - 1, 0), about
        for name, value in self.sent:
            # What the app said, before a server could refuse it.
            assert _FIELD.fullmatch(b"%s: %s" % (name, value)), about
        for name, value in answer.fields:
            if name == "location":
                assert stays(target, value), about
            if name == "content-disposition":
                assert _DISPOSITION.fullmatch(value), about
            if name == "set-cookie":
                assert _COOKIE.fullmatch(value), about
                assert value.lower().count("path=") <= 1, about
                assert "domain=" not in value.lower(), about
        return answer


def stays(target: bytes, location: str) -> bool:
    """Return whether a browser that follows `location` stays on the site: it takes \\ for /, and leaves out tabs."""
    path = "/" + target.decode("latin-1").lstrip("/")
    seen = re.sub(r"[\t\r\n]", "", location).strip("".join(map(chr, range(33)))).replace("\\", "/")
    if re.match(r"https?:(?!//)", seen):
        return False
    led = urlsplit(urljoin(f"http://{HOST}{quote(path, safe='/?&=%')}", seen))
    return led.scheme == "http" and led.netloc == HOST


def escaped(payload: bytes) -> bytes:
    return quote_from_bytes(payload, safe="").encode()


def bare(payload: bytes) -> bytes:
    """Return what of a payload a server lets through in a request's own line or header."""
    return re.sub(rb"[^\x21-\x7e]", b"", payload)[:2_000]


class Recorder:
    """An ASGI app that remembers which headers the one in it sends."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.sent: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def watch(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.sent.extend(message["headers"])
            await send(message)

        await self._app(scope, receive, watch)


class BehindPrefix:
    """What apps put before themselves that stand below a prefix which a proxy tells."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        for name, value in scope.get("headers", ()):
            if name == b"x-forwarded-prefix":
                root = value.decode("latin-1")
                scope = {**scope, "root_path": root, "path": root + scope["path"]}
        await self._app(scope, receive, send)


@contextmanager
def uvicorn_with(app: Any) -> Iterator[Site]:
    recorder = Recorder(BehindPrefix(app))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(recorder, log_config=None, ws="none", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Site(listener.getsockname()[1], recorder.sent)
        finally:
            server.should_exit = True
            thread.join(30)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""


@contextmanager
def wsgi_server_with(app: Any) -> Iterator[Site]:
    """Serve with wsgiref, which writes what it is given."""

    def behind_prefix(environ: Any, start_response: Any) -> Any:
        if prefix := environ.get("HTTP_X_FORWARDED_PREFIX"):
            environ["SCRIPT_NAME"] = prefix
        return app(environ, start_response)

    with make_server("127.0.0.1", 0, behind_prefix, WSGIServer, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Site(server.server_port, [])
        finally:
            server.shutdown()
            thread.join(30)
