"""A signed-in user of the app: by Starlette's own authentication, by a session, sync and async."""

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Mount
from starlette.testclient import TestClient

from logster.access import Access, signed_in
from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.forms import change_headers


class Backend(AuthenticationBackend):
    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, SimpleUser] | None:
        name = conn.headers.get("x-user")
        return (AuthCredentials(), SimpleUser(name)) if name else None


def starlette(service: Service, **options: Any) -> TestClient:
    app = Starlette(
        routes=[Mount("/logs", Viewer(signed_in(**options), service=service))],
        middleware=[Middleware(AuthenticationMiddleware, backend=Backend())],
    )
    return TestClient(app, follow_redirects=False)


def visitor(service: Service, user: Any, **options: Any) -> TestClient:
    return TestClient(Viewer(signed_in(lambda request: user, **options), service=service), follow_redirects=False)


def by_whom(service: Service, client: TestClient) -> str:
    key = add(service)
    assert client.post(f"/api/entries/{key}/protect", headers=change_headers(client)).status_code < 300
    # A change by nobody in particular is not in the history.
    return next((each.by for each in service.store.history(1)), "")


def test_starlettes_user_gets_in_and_nobody_else(service: Service) -> None:
    client = starlette(service)
    assert client.get("/logs/").status_code == 403
    assert client.get("/logs/", headers={"x-user": "ada"}).status_code == 200


def test_whoever_is_not_signed_in_is_led_to_the_login(service: Service) -> None:
    answer = starlette(service, login="/login").get("/logs/")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login"


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("ada", "ada"),
        (17, "17"),
        ({"email": "ada@shop.example"}, "ada@shop.example"),
        (SimpleNamespace(is_authenticated=True, username="ada"), "ada"),
        (SimpleNamespace(is_authenticated=lambda: True, id=5), "5"),
        (object(), ""),
    ],
)
def test_the_users_name_stands_in_the_history(service: Service, user: Any, name: str) -> None:
    assert by_whom(service, visitor(service, user)) == name


@pytest.mark.parametrize(
    "user", [None, "", SimpleNamespace(is_authenticated=False), SimpleNamespace(is_authenticated=lambda: False), {}]
)
def test_a_user_who_is_nobody_does_not_get_in(service: Service, user: Any) -> None:
    assert visitor(service, user).get("/").status_code == 403


@pytest.mark.parametrize(
    ("access", "statuses"), [(Access.VIEW, (200, 403)), (False, (403, 403)), (Access.NONE, (403, 403))]
)
def test_what_a_user_may_do(service: Service, access: Any, statuses: tuple[int, int]) -> None:
    key = add(service)
    client = visitor(service, "ada", may=lambda user: access if user == "ada" else True)
    token = change_headers(client) if statuses[0] == 200 else {}
    changed = client.post(f"/api/entries/{key}/protect", headers=token)
    assert (client.get("/").status_code, changed.status_code) == statuses


def test_both_functions_may_be_async(service: Service) -> None:
    async def find(request: Any) -> Any:
        return request.headers.get("x-user")

    async def may(user: str) -> bool:
        return user == "ada"

    client = TestClient(Viewer(signed_in(find, may=may), service=service))
    assert client.get("/").status_code == 403
    assert client.get("/", headers={"x-user": "bob"}).status_code == 403
    assert client.get("/", headers={"x-user": "ada"}).status_code == 200
    sync = TestClient(Viewer(signed_in(lambda request: "ada", may=may), service=service))
    assert sync.get("/").status_code == 200
