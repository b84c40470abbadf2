"""LogsterMiddleware around plain ASGI apps and Starlette."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urljoin

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from logster import LogsterHandler, add_to_env
from logster.capture.context import current_env
from logster.entry import Entry
from logster.errors import ConfigurationError
from logster.middleware.asgi import LogsterMiddleware
from logster.service import Service

Recorded = Callable[[], list[Entry]]


async def boom(request: Request) -> Response:
    raise ValueError("no such order")


async def path(request: Request) -> Response:
    return PlainTextResponse(request.url.path)


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


def site(service: Service, **options: Any) -> Starlette:
    options = {"authorize": lambda request: True, "service": service} | options
    return Starlette(
        routes=[
            Route("/boom", boom),
            Route("/logsx", path),
            Route("/", path),
            WebSocketRoute("/logs/", echo),
            WebSocketRoute("/boom", boom),
        ],
        middleware=[Middleware(LogsterMiddleware, **options)],
    )


def test_an_uncaught_exception_is_recorded_with_its_request_and_raised_on(service: Service, recorded: Recorded) -> None:
    client = TestClient(site(service))
    with pytest.raises(ValueError, match="no such order"):
        client.get("/boom?order=7", headers={"User-Agent": "test/1"})
    (entry,) = recorded()
    assert (entry.message, entry.count, entry.level) == ("ValueError: no such order", 1, "ERROR")
    assert entry.exception
    assert entry.exception.frames[-1].function == "boom"
    assert entry.env
    assert entry.env[0]["method"] == "GET"
    assert entry.env[0]["url"] == "http://testserver/boom?order=7"
    assert entry.env[0]["headers"]["user-agent"] == "test/1"


@contextmanager
def root_handler(service: Service) -> Iterator[None]:
    handler = LogsterHandler(service=service)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def test_an_exception_that_the_server_logs_too_is_recorded_once(service: Service, recorded: Recorded) -> None:
    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await site(service)(scope, receive, send)
        except Exception:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")

    with root_handler(service):
        TestClient(server).get("/boom")
    (entry,) = recorded()
    assert entry.count == 1


def test_an_exception_that_the_app_logged_is_not_recorded_again(service: Service, recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raise ValueError("no such order")
        except ValueError:
            logging.getLogger("app").exception("Order failed")
            raise

    with root_handler(service), pytest.raises(ValueError, match="no such order"):
        TestClient(LogsterMiddleware(app, service=service)).get("/")
    (entry,) = recorded()
    assert (entry.message, entry.count) == ("Order failed", 1)


def test_the_same_exception_in_two_requests_is_one_entry_of_two(service: Service, recorded: Recorded) -> None:
    client = TestClient(site(service), raise_server_exceptions=False)
    for order in (7, 8):
        assert client.get(f"/boom?order={order}").status_code == 500
    (entry,) = recorded()
    assert entry.count == 2
    assert entry.env
    assert [env["parameters"]["order"] for env in entry.env] == ["8", "7"]


def test_the_env_of_one_request_is_not_seen_in_another(service: Service) -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        add_to_env(scope["path"], True)
        seen.append(current_env())
        await PlainTextResponse("")(scope, receive, send)

    client = TestClient(LogsterMiddleware(app, service=service))
    client.get("/a")
    client.get("/b")
    assert "/a" in seen[0]
    assert "/a" not in seen[1]
    assert current_env() == {}


def test_the_env_is_of_the_request_as_it_came_in(service: Service, recorded: Recorded) -> None:
    """An app may rewrite its scope; the report is made later."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["path"] = "/rewritten"
        scope["headers"].clear()
        raise ValueError("no such order")

    with pytest.raises(ValueError, match="no such order"):
        TestClient(LogsterMiddleware(app, service=service)).get("/came", headers={"Referer": "/before"})
    (entry,) = recorded()
    assert entry.env
    assert entry.env[0]["path"] == "/came"
    assert entry.env[0]["headers"]["referer"] == "/before"


def test_the_gui_stands_at_its_path(service: Service) -> None:
    client = TestClient(site(service))
    assert "<html" in client.get("/logs/").text


def test_the_bare_path_leads_to_the_gui(service: Service) -> None:
    client = TestClient(site(service), follow_redirects=False)
    answer = client.get("/logs?q=timeout")
    location = answer.headers["location"]
    assert (answer.status_code, urljoin("/prefix/logs", location)) == (307, "/prefix/logs/?q=timeout")


@pytest.mark.parametrize("target", ["/", "/logsx"])
def test_other_paths_are_the_apps(service: Service, target: str) -> None:
    assert TestClient(site(service)).get(target).text == target


def test_the_gui_is_closed_without_authorize(service: Service) -> None:
    answer = TestClient(site(service, authorize=None)).get("/logs/")
    assert answer.status_code == 403
    assert "authorize" in answer.text


def test_the_gui_may_stand_elsewhere_or_nowhere(service: Service) -> None:
    elsewhere = TestClient(site(service, path="/admin/errors/"))
    assert elsewhere.get("/admin/errors/").status_code == 200
    assert elsewhere.get("/logs/").status_code == 404
    nowhere = TestClient(site(service, path=None))
    assert nowhere.get("/logs/").status_code == 404


@pytest.mark.parametrize("wrong", ["logs", "/", "//", ""])
def test_a_path_that_cannot_be_is_refused(service: Service, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="path of the GUI"):
        LogsterMiddleware(site(service), path=wrong)


@pytest.mark.parametrize(
    ("root_path", "target"),
    [
        ("/prefix", "/prefix/logs/"),  # as servers since ASGI 3 do: the path includes the root path
        ("/prefix", "/logs/"),  # as those do that only pass on what the proxy left
    ],
)
def test_the_gui_knows_where_it_is_behind_a_proxy_with_a_prefix(service: Service, root_path: str, target: str) -> None:
    seen: list[Scope] = []

    def authorize(request: Request) -> bool:
        seen.append(dict(request.scope))
        return True

    async def call() -> int:
        status = 0

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {
            "type": "http",
            "method": "GET",
            "path": target,
            "root_path": root_path,
            "query_string": b"",
            "headers": [],
        }
        await site(service, authorize=authorize)(scope, receive, send)
        return status

    assert asyncio.run(call()) == 200
    assert seen[0]["root_path"].startswith("/prefix/logs")
    assert seen[0]["path"].startswith("/prefix/logs/")


def test_an_app_that_is_itself_mounted_shows_the_gui_below_its_own_path(service: Service) -> None:
    outer = Starlette(routes=[Mount("/shop", site(service))])
    assert TestClient(outer).get("/shop/logs/").status_code == 200
    assert TestClient(outer).get("/logs/").status_code == 404


def test_websockets_pass_through_even_below_the_gui(service: Service) -> None:
    with TestClient(site(service)).websocket_connect("/logs/") as websocket:
        websocket.send_text("hello")
        assert websocket.receive_text() == "hello"


def test_an_exception_in_a_websocket_is_recorded(service: Service, recorded: Recorded) -> None:
    client = TestClient(site(service))
    with pytest.raises(ValueError, match="no such order"), client.websocket_connect("/boom"):
        pass
    (entry,) = recorded()
    assert entry.env
    assert entry.env[0]["path"] == "/boom"


def test_the_end_of_the_app_waits_for_the_worker_beside_the_event_loop(service: Service) -> None:
    threads: list[threading.Thread] = []
    flush = service.worker.flush

    def watched(timeout: float | None = None) -> bool:
        threads.append(threading.current_thread())
        return flush(timeout)

    service.worker.flush = watched  # type: ignore[method-assign]
    loops: list[threading.Thread] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loops.append(threading.current_thread())
        await site(service)(scope, receive, send)

    with TestClient(app):
        assert not threads
    assert len(threads) == 1
    assert threads[0] not in loops


def test_what_was_reported_is_written_when_the_app_ends(service: Service) -> None:
    with TestClient(site(service), raise_server_exceptions=False) as client:
        client.get("/boom")
    assert service.store.count() == 1


def run_lifespan(app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> list[str]:
    sent: list[str] = []

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send))  # type: ignore[arg-type]
    return sent


def test_an_app_that_knows_no_lifespan_is_not_reported(service: Service, recorded: Recorded) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise TypeError("lifespan?")

    with pytest.raises(TypeError):
        run_lifespan(LogsterMiddleware(app, service=service))
    assert recorded() == []


def test_an_app_that_fails_to_start_is_reported(service: Service, recorded: Recorded) -> None:
    @asynccontextmanager
    async def failing(app: Starlette) -> AsyncIterator[None]:
        raise ConnectionError("no database")
        yield

    app = Starlette(middleware=[Middleware(LogsterMiddleware, service=service)], lifespan=failing)
    with pytest.raises(ConnectionError):
        run_lifespan(app)
    (entry,) = recorded()
    assert entry.message == "ConnectionError: no database"
