"""The log as it is mounted by each integration: every route as nobody, and addresses that only look like the log's."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

import fastapi
import flask
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from logster import service as services
from logster.access import Access
from logster.integrations.fastapi import add_logster as add_to_fastapi
from logster.integrations.flask import Logster
from logster.integrations.starlette import add_logster
from logster.middleware.asgi import LogsterMiddleware
from logster.middleware.wsgi import LogsterWSGIMiddleware
from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.test_access import PUBLIC, ROUTES, path_of

SECRET = "the secret of the shop"
MAY = {"viewer": Access.VIEW, "editor": Access.EDIT}
Door = Callable[[str, str, str], tuple[int, bytes, dict[str, str]]]
"""Asks, as somebody, with a method, for a target as it stands in the request line."""


def authorize(request: Any) -> Access:
    return MAY.get(request.headers.get("x-who"), Access.NONE)


def by_asgi(app: Any) -> Door:
    """Call an app with what a server makes of a request line: no client that tidies the address up."""

    def ask(who: str, method: str, target: str) -> tuple[int, bytes, dict[str, str]]:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode("utf-8", "replace"),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"evil.example"), (b"x-who", who.encode())],
            "client": ("192.0.2.1", 5000),
            "server": ("testserver", 80),
        }
        asyncio.run(app(scope, receive, send))
        body = b"".join(each.get("body", b"") for each in said)
        return said[0]["status"], body, {name.decode(): value.decode() for name, value in said[0]["headers"]}

    return ask


def by_wsgi(app: Any) -> Door:
    """Do the same for a WSGI app."""

    def ask(who: str, method: str, target: str) -> tuple[int, bytes, dict[str, str]]:
        said: list[Any] = []
        path, _, query = target.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "RAW_URI": target,
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.1",
            "HTTP_HOST": "evil.example",
            "HTTP_X_WHO": who,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        answer = app(environ, lambda status, headers, error=None: said.append((status, headers)))
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        status, headers = said[-1]
        return int(status[:3]), body, {name.lower(): value for name, value in headers}

    return ask


async def shop(request: Any) -> PlainTextResponse:
    return PlainTextResponse("the shop")


def wsgi_shop(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the shop"]


def starlette_app(**options: Any) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", shop)], **options)


def with_starlette(service: Service) -> Door:
    app = starlette_app()
    add_logster(app, authorize=authorize)
    return by_asgi(app)


def with_fastapi(service: Service) -> Door:
    app = fastapi.FastAPI()
    add_to_fastapi(app, authorize=authorize)
    return by_asgi(app)


def with_flask(service: Service) -> Door:
    app = flask.Flask("shop")
    Logster(app, authorize=authorize)
    return by_wsgi(app)


DOORS: dict[str, Callable[[Service], Door]] = {
    "ASGI middleware": lambda service: by_asgi(LogsterMiddleware(starlette_app(), authorize=authorize)),
    "WSGI middleware": lambda service: by_wsgi(LogsterWSGIMiddleware(wsgi_shop, authorize=authorize)),
    "mount": lambda service: by_asgi(
        Starlette(routes=[Mount("/logs", Viewer(authorize)), Route("/{path:path}", shop)])
    ),
    "Starlette": with_starlette,
    "FastAPI": with_fastapi,
    "Flask": with_flask,
}


@pytest.fixture
def _here(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(services, "_service", service)
    before = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = before


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, service: Service, _here: None) -> Door:
    return DOORS[request.param](service)


def test_every_route_is_closed_to_nobody_and_look_only_to_a_viewer(service: Service, door: Door) -> None:
    key = add(service, message=SECRET)
    before = service.store.entry(key), service.store.history(10)
    for route in ROUTES:
        if route.path in PUBLIC:
            continue
        for method in sorted(route.methods or ()):
            target = "/logs" + path_of(route, key)
            status, body, _ = door("nobody", method, target)
            assert status == 403, (method, target)
            assert SECRET.encode() not in body
            if method not in ("GET", "HEAD"):
                assert door("viewer", method, target)[0] == 403, (method, target)
                assert door("editor", method, target)[0] == 403, "a change without a token"
    assert SECRET.encode() in door("viewer", "GET", "/logs/")[1]
    assert (service.store.entry(key), service.store.history(10)) == before


CONFUSING = [
    "/logs/..%2f", "/logs/../logs/", "/logs/%2e%2e/logs/", "/./logs/", "/logs/.", "/logs//", "/logs%2f", "/%6cogs/",
    "/logs/static/../api/entries", "/logs/static/..%2fapi/entries", "/logs/static/x/..%2f..%2fapi%2fentries",
    "/logs/static//api/entries", "/logs/logster.js/../api/entries", "/logs/logster.js%2f..%2fapi/entries",
    "/logs/api/1/envelope/../../entries", "/logs/report_js_error/../api/entries", "/logs/logs/api/entries",
    "/logs/api/entries%00.js", "/logs/api/entries;/logster.js", "/logs/%ff%fe", "/logs/api/entries?/logster.js",
]  # fmt: skip
"""Below the log for one who reads them one way, and public or elsewhere for one who reads them another way."""

ELSEWHERE = [
    "/logsx", "/logsx/api/entries", "//logs/api/entries", "//logs/", "/LOGS/api/entries", "/Logs/", "/logs%252f",
    "/logs%252fapi/entries", "/%256cogs/", "/logs;/api/entries", "/logs%00/api/entries", "/logs%20/", "/logs%5c",
    "/logs./api/entries", "/x/logs/api/entries", "/.//logs/", "/%2flogs/api/entries", "/lo%c4%9fs/",
    "/\uff0flogs/api/entries", "/log\u017f/api/entries",
]  # fmt: skip
"""Not the log's, whoever asks: a proxy in front that guards /logs would let these through."""


@pytest.mark.parametrize("target", CONFUSING)
def test_no_spelling_of_an_address_opens_the_log(service: Service, door: Door, target: str) -> None:
    add(service, message=SECRET)
    status, body, headers = door("nobody", "GET", target)
    assert SECRET.encode() not in body
    assert status in (307, 308, 403, 404) or body == b"the shop", status
    assert "evil.example" not in headers.get("location", "")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_what_only_looks_like_the_logs_address_is_the_apps(service: Service, door: Door, target: str) -> None:
    add(service, message=SECRET)
    status, body, headers = door("editor", "GET", target)
    assert SECRET.encode() not in body
    assert b"logster" not in body.lower()
    assert status == 404 or body == b"the shop" or headers.get("location", "").rstrip("/").endswith(target.rstrip("/"))


@pytest.mark.parametrize("target", ["/logs", "/logs?q=a", "/logs/", "/logs/show/abc", "/logs/login"])
def test_no_answer_repeats_the_host_that_was_asked_for(service: Service, door: Door, target: str) -> None:
    for who in ("nobody", "editor"):
        _, body, headers = door(who, "GET", target)
        assert b"evil.example" not in body
        assert "evil.example" not in str(headers)
