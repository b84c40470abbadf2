"""add_logster with the real Starlette and FastAPI."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import fastapi
import pytest
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from logster import permalink
from logster import service as services
from logster.access import signed_in
from logster.entry import Entry
from logster.errors import ConfigurationError
from logster.integrations.fastapi import add_logster as add_to_fastapi
from logster.integrations.starlette import add_logster
from logster.service import Service
from logster.viewer.app import Viewer

Recorded = Callable[[], list[Entry]]


@pytest.fixture(autouse=True)
def _here(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(services, "_service", service)
    before = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = before


class Backend(AuthenticationBackend):
    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser] | None:
        name = conn.headers.get("x-user")
        return (AuthCredentials(["authenticated"]), SimpleUser(name)) if name else None


async def boom(request: Request) -> PlainTextResponse:
    raise ValueError("cannot charge")


async def anything(request: Request) -> PlainTextResponse:
    logging.getLogger("shop.cart").warning("nearly empty")
    return PlainTextResponse("something")


def make_app(*, user_first: bool = False, **options: Any) -> Starlette:
    app = Starlette(routes=[Route("/boom", boom), Route("/{path:path}", anything)])
    if user_first:
        app.add_middleware(AuthenticationMiddleware, backend=Backend())
    add_logster(app, **options)
    if not user_first:
        app.add_middleware(AuthenticationMiddleware, backend=Backend())
    return app


@pytest.mark.parametrize("user_first", [True, False])
def test_an_exception_is_reported_once_with_its_request_and_user(recorded: Recorded, user_first: bool) -> None:
    client = TestClient(make_app(user_first=user_first), raise_server_exceptions=False)
    assert client.get("/boom?order=7", headers={"X-User": "ada"}).status_code == 500
    (entry,) = recorded()
    assert (entry.exception_type, entry.count) == ("ValueError", 1)
    assert (entry.env[0]["parameters"], entry.env[0]["user_id"]) == ({"order": "7"}, "ada")


def test_records_are_reported_with_the_user(recorded: Recorded) -> None:
    TestClient(make_app()).get("/cart", headers={"X-User": "ada"})
    (entry,) = recorded()
    assert (entry.message, entry.env[0]["user_id"]) == ("nearly empty", "ada")


def test_nobody_is_no_user(recorded: Recorded) -> None:
    TestClient(make_app()).get("/cart")
    assert "user_id" not in recorded()[0].env[0]


@pytest.mark.parametrize("user_first", [True, False])
@pytest.mark.parametrize("address", ["/logs/", "/logs"])
def test_the_apps_own_login_decides_who_gets_in(user_first: bool, address: str) -> None:
    app = make_app(user_first=user_first, authorize=signed_in(may=lambda user: user.username == "ada"))
    client = TestClient(app)
    assert client.get(address).status_code == 403
    assert client.get(address, headers={"X-User": "bob"}).status_code == 403
    page = client.get(address, headers={"X-User": "ada"})
    assert (page.status_code, page.url.path) == (200, "/logs/")
    assert "Logster" in page.text


def test_nobody_gets_in_by_default() -> None:
    assert TestClient(make_app()).get("/logs/").status_code == 403


def test_without_a_path_there_is_no_log() -> None:
    assert TestClient(make_app(path=None, authorize=lambda _: True)).get("/logs/").text == "something"


def test_a_path_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="path"):
        make_app(path="logs")


def test_the_log_stands_below_the_prefix_of_its_app(recorded: Recorded) -> None:
    links: list[str] = []
    app = Starlette(routes=[Route("/boom", boom)])
    add_logster(app, authorize=lambda _: True)

    async def failed(request: Request, error: Exception) -> PlainTextResponse:
        links.append(permalink())
        return PlainTextResponse("sorry", 500)

    app.add_exception_handler(500, failed)
    client = TestClient(app, root_path="/shop", raise_server_exceptions=False)
    client.get("/shop/boom")
    (entry,) = recorded()
    assert links == [f"/shop/logs/show/{entry.key}"]
    assert client.get("/shop/logs/").status_code == 200
    assert "cannot charge" in client.get(links[0]).text


def test_fastapi_keeps_its_own_documents(recorded: Recorded) -> None:
    app = fastapi.FastAPI()
    add_to_fastapi(app, authorize=lambda _: True, user_id=lambda scope: scope["headers"][0][1].decode())

    @app.get("/boom")
    def failing() -> None:
        raise ValueError("cannot charge")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/boom").status_code == 500
    assert client.get("/logs/").status_code == 200
    assert set(client.get("/openapi.json").json()["paths"]) == {"/boom"}
    assert recorded()[0].env[0]["user_id"] == "testserver"


def test_a_user_id_that_fails_hurts_nobody(recorded: Recorded) -> None:
    client = TestClient(make_app(user_id=lambda _: 1 / 0), raise_server_exceptions=False)
    assert client.get("/cart").text == "something"
    assert client.get("/boom").status_code == 500
    assert len(recorded()) == 2


@pytest.mark.parametrize("sent", ["", "/shop"])
def test_fastapi_is_told_of_the_prefix_and_a_proxy_takes_it_away_or_leaves_it(service: Service, sent: str) -> None:
    added, mounted = fastapi.FastAPI(), fastapi.FastAPI()
    added.root_path = mounted.root_path = "/shop"  # the argument of that name is on its way out
    add_to_fastapi(added, authorize=lambda request: True)
    mounted.mount("/logs", Viewer(lambda request: True, service=service))
    for app in (added, mounted):
        client = TestClient(app, follow_redirects=False)
        assert client.get(f"{sent}/logs/").status_code == 200
        assert "report_js_error" in client.get(f"{sent}/logs/logster.js").text
    # Where it is mounted by hand, this is the app's own answer.
    led = TestClient(added, follow_redirects=False).get(f"{sent}/logs?q=cart")
    assert (led.status_code, led.headers["location"]) == (307, "./logs/?q=cart")
