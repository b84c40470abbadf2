"""What strangers put into addresses, headers and fields does not get out of the header that it ends up in.

Over real sockets, at uvicorn and wsgiref.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from logster import service as services
from logster.access import basic, hash_password, shared_secret, signed_in
from logster.integrations.starlette import add_logster
from logster.middleware.asgi import LogsterMiddleware
from logster.middleware.wsgi import LogsterWSGIMiddleware
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.integrations.raw_http import HOST, PAYLOADS, Site, bare, escaped, uvicorn_with, wsgi_server_with
from tests.viewer.entries import add

SECRET = "open sesame, please"


def authorize(request: Any) -> str:
    return "Ada"


@pytest.fixture(scope="module")
def service(redis_url: str) -> Iterator[Service]:
    service = Service(
        Settings(redis_url=redis_url, namespace="headers", sentry_keys=("0123456789abcdef",), beacon_per_minute=100_000)
    )
    add(service, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "_service", service)
        yield service
    service.close()


def asgi_site(service: Service) -> Any:
    async def shop(request: Any) -> Any:
        return PlainTextResponse("the shop")

    app = Starlette(routes=[Route("/{path:path}", shop)])
    add_logster(app, authorize=authorize, path="/mounted", level=None)
    users = {"bob": hash_password("correct horse")}
    return Starlette(
        routes=[
            Mount("/app", app),
            Mount("/locked", Viewer(shared_secret(SECRET), service=service)),
            Mount("/users", Viewer(signed_in(lambda request: None, login="/login"), service=service)),
            Mount("/basic", Viewer(basic(users), service=service)),
            Mount("/log-of-{tenant}", Viewer(authorize, service=service)),
            Mount("/site/{tenant}/log", Viewer(shared_secret(SECRET), service=service)),
            Mount("/", LogsterMiddleware(Starlette(routes=[Route("/", shop)]), authorize=authorize, service=service)),
        ]
    )


def wsgi_site(service: Service) -> Any:
    def shop(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"the shop"]

    open_log = LogsterWSGIMiddleware(shop, authorize=authorize, service=service)
    users = signed_in(lambda request: None, login="/login")
    led = LogsterWSGIMiddleware(open_log, authorize=users, path="/users", service=service)
    return LogsterWSGIMiddleware(led, authorize=shared_secret(SECRET), path="/locked", service=service)


SERVERS = {
    "uvicorn": lambda service: uvicorn_with(asgi_site(service)),
    "wsgiref": lambda service: wsgi_server_with(wsgi_site(service)),
}


@pytest.fixture(scope="module", params=SERVERS)
def site(request: pytest.FixtureRequest, service: Service) -> Iterator[Site]:
    with SERVERS[request.param](service) as site:
        yield site


def routes() -> list[Route]:
    """Return the routes of the viewer's own table; the stream does not end."""
    found = [route for route in Viewer()._app.routes if isinstance(route, Route) and route.path != "/api/events"]
    assert len(found) == len(Viewer()._app.routes) - 1
    return found


def filled(path: str, payload: bytes) -> bytes:
    return b"".join(
        escaped(payload) if each.startswith("{") else each.encode() for each in re.split(r"(\{[^}]*\})", path)
    )


def signed(site: Site, base: bytes = b"/logs/") -> bytes:
    """Return the headers of a change that comes from a page of the log's own."""
    page = site.ask("GET", base)
    token = re.search(rb'name="csrf-token" content="([^"]+)"', page.body)
    assert token
    cookie = page.get("set-cookie").partition(";")[0]
    return (
        b"X-CSRF-Token: %s\r\nCookie: %s\r\nOrigin: http://%s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    ) % (unescape(token[1].decode()).encode(), cookie.encode(), HOST.encode())


async def gullible(scope: Any, receive: Any, send: Any) -> None:
    """Say in headers whatever the address says."""
    told = unquote_to_bytes(scope["query_string"])
    headers = [(b"location", told), (b"content-disposition", b'inline; filename="%s"' % told)]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def gullible_in_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    """Do the same in WSGI."""
    told = unquote_to_bytes(environ["QUERY_STRING"]).decode("latin-1")
    start_response("303 See Other", [("Location", told), ("Content-Disposition", f'inline; filename="{told}"')])
    return [b""]


@pytest.mark.parametrize(
    "serve", [lambda: uvicorn_with(gullible), lambda: wsgi_server_with(gullible_in_wsgi)], ids=SERVERS
)
def test_what_an_app_lets_out_of_a_header_is_seen(serve: Callable[[], Any]) -> None:
    with serve() as site:
        site.check("GET", b"/?plain")
        for payload in PAYLOADS:
            if re.search(rb"[\r\n\x00\"]|^//|^https|^/\\", payload):
                with pytest.raises(AssertionError):
                    site.check("GET", b"/?" + escaped(payload))


TELLING = PAYLOADS[::6]
"""Enough for what no header is made of; where one is made of it, all are tried."""


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{route.methods}{route.path}")
def test_no_route_lets_anything_out_of_a_header(site: Site, route: Route) -> None:
    change = signed(site)
    for method in sorted(route.methods or ()):
        for payload in TELLING:
            target = b"/logs" + filled(route.path, payload)
            fields = dict.fromkeys(("place", "page", "key", "action", "pattern", "token", "next", "kind", "q"), payload)
            body = urlencode(fields).encode()
            site.check(method, target + b"?q=%s&next=%s&%s" % (escaped(payload), escaped(payload), bare(payload)))
            if method not in ("GET", "HEAD"):
                site.check(method, target, change, body)


REDIRECTS = [
    "/logs?{}", "/logs?q={}", "/logs{}", "/logs{}/", "/{}/logs", "{}/logs", "/logs/{}", "/logs//{}", "/logs/show/{}",
    "/logs/show/{}.txt", "/logs/show/{}.curl", "/logs/show/x.{}", "/locked{}", "/locked/{}", "/locked/?{}",
    "/locked/?q={}", "/app/mounted?{}", "/app/mounted{}", "/app/{}/mounted", "/app/mounted/{}?{}",
    "/locked/show/{}?{}", "/locked/login?next={}", "/locked/login{}", "/locked//{}", "/locked/show/{}/../x", "/users{}",
    "/users/{}", "/users?{}", "/basic/{}", "/log-of-{}", "/log-of-{}?{}", "/log-of-{}/show/{}", "/site/{}/log",
    "/site/{}/log/show/{}?{}", "/site/{}/log?{}",
]  # fmt: skip


@pytest.mark.parametrize("form", REDIRECTS)
def test_no_redirect_leads_elsewhere_or_says_more(site: Site, form: str) -> None:
    for payload in PAYLOADS:
        for each in {escaped(payload), bare(payload).replace(b"#", b"%23")}:
            target = form.encode().replace(b"{}", each)
            if target.startswith(b"/"):
                site.check("GET", target)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_who_signs_in_is_led_on_within_the_log(site: Site, payload: bytes) -> None:
    change = signed(site, b"/locked/login")
    body = urlencode({"secret": SECRET, "next": payload}).encode()
    answer = site.check("POST", b"/locked/login?next=" + escaped(payload), change, body)
    assert answer.status == 303
    assert answer.get("location").startswith("./")


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_change_leads_back_into_the_log(site: Site, service: Service, payload: bytes) -> None:
    key = add(service, 1)
    change = signed(site)
    for place in (payload, b"q=" + escaped(payload), b"key=%s&tab=%s" % (key.encode(), escaped(payload))):
        fields: dict[str, Any] = {"place": place, "page": payload, "key": key, "token": payload, "action": "protect"}
        for path in (f"show/{key}/protect", f"show/{key}/unprotect", "bulk", "undo"):
            answer = site.check("POST", b"/logs/" + path.encode(), change, urlencode(fields).encode())
            assert answer.status == 303
            assert answer.get("location").startswith("./") or answer.get("location").startswith("../")


NAMES = [
    "Host", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Forwarded-For", "Forwarded", "Referer",
    "Origin", "Accept", "Accept-Encoding", "If-None-Match", "Authorization", "X-Sentry-Auth", "X-Request-ID",
    "traceparent", "X-Original-URL", "Range", "User-Agent",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_header_of_a_request_comes_back_in_one(site: Site, name: str) -> None:
    # Of this one addresses are made; the others are not even read for one.
    for payload in PAYLOADS if name == "X-Forwarded-Prefix" else PAYLOADS[::4]:
        # As much of it as servers let through, which is all bytes but those that end a header.
        for value in {bare(payload), re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"", payload)[:2_000].strip()}:
            for target in (b"/logs", b"/logs/", b"/locked", b"/locked/show/x", b"/users/", b"/basic/", b"/app/mounted"):
                site.check("GET", target, name.encode() + b": " + value + b"\r\n")


def test_no_cookie_comes_back_as_it_was(site: Site) -> None:
    for payload in PAYLOADS:
        cookies = b"Cookie: logster_csrf=%s; logster_login=%s\r\n" % (bare(payload), bare(payload))
        for target in (b"/logs/", b"/locked/", b"/locked/login"):
            site.check("GET", target, cookies)
