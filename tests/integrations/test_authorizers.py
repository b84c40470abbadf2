"""The ready-made authorizers around real servers: both middlewares, and uvicorn, which believes its proxies."""

import urllib.error
import urllib.request
from base64 import b64encode
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client, TestResponse

from logster.access import basic, hash_password, proxy_headers, shared_secret, signed_in
from logster.middleware.asgi import LogsterMiddleware
from logster.middleware.wsgi import LogsterWSGIMiddleware
from logster.service import Service
from logster.viewer.app import Viewer
from tests.browser.conftest import serving
from tests.viewer.forms import fields

SECRET = "open sesame, please"
ADA = hash_password("ada's secret")
BASIC = {"Authorization": "Basic " + b64encode(b"ada:ada's secret").decode()}
SSO = {"X-Forwarded-User": "ada"}


def hello(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [])
    return [b"hello"]


def wsgi(service: Service, authorize: Any) -> Client:
    return Client(LogsterWSGIMiddleware(hello, authorize=authorize, service=service))


def status(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def peer(address: str) -> dict[str, Any]:
    return {"environ_overrides": {"REMOTE_ADDR": address, "REMOTE_PORT": "5000"}}


def test_basic_in_wsgi(service: Service) -> None:
    client = wsgi(service, basic({"ada": ADA}))
    assert client.get("/logs/").status_code == 401
    assert client.get("/logs/", headers=BASIC).status_code == 200


@pytest.mark.parametrize(
    ("login", "led"),
    [("/login", "/my%20shop/login"), ("https://sso.example/", "https://sso.example/"), ("//sso.example/", None)],
)
def test_the_login_of_an_app_behind_a_prefix(service: Service, login: str, led: str | None) -> None:
    authorize = signed_in(lambda request: None, login=login)
    around = LogsterMiddleware(Starlette(), authorize=authorize, service=service)
    mounted = Starlette(routes=[Mount("/logs", Viewer(authorize, service=service))])
    within = Starlette(routes=[Mount("/till", around)])
    for app, path in ((around, "/logs/"), (mounted, "/logs/"), (within, "/till/logs/")):
        client = TestClient(app, root_path="/my shop", follow_redirects=False)
        assert client.get(f"/my shop{path}").headers["location"] == (led or login)
    answer = wsgi(service, authorize).get("/logs/", environ_overrides={"SCRIPT_NAME": "/my shop"})
    assert answer.headers["location"] == (led or login)


def test_the_login_page_in_wsgi(service: Service) -> None:
    client = wsgi(service, shared_secret(SECRET))
    led: TestResponse = client.get("/logs/")
    assert (led.status_code, led.headers["location"]) == (303, "./login")
    hidden = fields(client.get("/logs/login").text, '<form class="login"')
    origin = {"Origin": "http://localhost"}
    assert client.post("/logs/login", data=hidden | {"secret": "guess"}, headers=origin).status_code == 403
    answer = client.post("/logs/login", data=hidden | {"secret": SECRET}, headers=origin)
    assert answer.status_code == 303
    page = client.get("/logs/")
    assert page.status_code == 200
    out = client.post("/logs/logout", data=fields(page.text, '<form class="sign-out"'), headers=origin)
    assert out.status_code == 303
    assert client.get("/logs/").status_code == 303


def test_proxy_headers_in_wsgi_are_those_of_the_peer(service: Service) -> None:
    authorize = proxy_headers("10.0.3.0/24")
    plain = wsgi(service, authorize)
    assert plain.get("/logs/", headers=SSO, **peer("10.0.3.7")).status_code == 200
    assert plain.get("/logs/", headers=SSO, **peer("192.0.2.1")).status_code == 403
    fixed = Client(ProxyFix(LogsterWSGIMiddleware(hello, authorize=authorize, service=service)))
    claimed = SSO | {"X-Forwarded-For": "10.0.3.7"}
    assert fixed.get("/logs/", headers=claimed, **peer("192.0.2.1")).status_code == 403
    told = SSO | {"X-Forwarded-For": "192.0.2.1"}
    assert fixed.get("/logs/", headers=told, **peer("10.0.3.7")).status_code == 200


def test_a_user_of_the_wsgi_app(service: Service) -> None:
    client = wsgi(service, signed_in(lambda request: request.scope["wsgi_environ"].get("shop.user")))
    assert client.get("/logs/").status_code == 403
    assert client.get("/logs/", environ_overrides={"shop.user": "ada"}).status_code == 200


@pytest.mark.parametrize("authorize", [basic({"ada": ADA}), proxy_headers("127.0.0.1"), shared_secret(SECRET)])
def test_nobody_gets_in_around_an_asgi_app(service: Service, authorize: Any) -> None:
    app = LogsterMiddleware(Starlette(), authorize=authorize, service=service)
    client = TestClient(app, follow_redirects=False)
    assert client.get("/logs/").status_code in (303, 401, 403)
    assert client.get("/logs/api/entries").status_code in (401, 403)


def test_what_uvicorn_believes_of_a_client_lets_nobody_in(service: Service) -> None:
    app = LogsterMiddleware(Starlette(), authorize=proxy_headers("127.0.0.1"), service=service)
    claimed = SSO | {"X-Forwarded-For": "127.0.0.1"}
    assert uvicorn.Config(app).proxy_headers
    with serving(app) as url:
        assert status(f"{url}/logs/", SSO) == 200
        assert status(f"{url}/logs/", claimed) == 403
        assert status(f"{url}/logs/", {}) == 403
