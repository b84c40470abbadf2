"""Who gets in, and that nothing else does."""

import asyncio
import contextvars
import logging
import threading
from functools import partial
from typing import Any

import pytest
from anyio import from_thread
from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer import (
    access,
    api,
    assets,
    beacon,
    browser_reports,
    bulk,
    completions,
    copies,
    csrf,
    forms,
    live,
    metrics,
    openapi,
    pages,
    patterns,
    sentry,
    suppression,
    trial,
)
from logster.viewer.app import Viewer
from logster.viewer.visit import path_below
from tests.viewer.entries import add

ROUTES = [
    *pages.list_routes(),
    *api.list_routes(),
    *copies.routes(),
    *suppression.routes(),
    *bulk.routes(),
    *trial.routes(),
    *completions.routes(),
    *pages.routes(),
    *forms.routes(),
    *api.routes(),
    *patterns.routes(),
    *metrics.routes(),
    *openapi.routes(),
    *live.routes(),
    *beacon.routes(),
    *browser_reports.routes(),
    *sentry.routes(),
    *assets.routes(),
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
PUBLIC = {"/logster.js", "/report_js_error", "/browser_reports", "/static/{version}/{name:path}"} | {
    route.path for route in sentry.routes()
}
SECRET = "the secret of the shop"


def path_of(route: Route, key: str) -> str:
    values = {"key": key, "change": "protect", "kind": "grouping", "version": assets.VERSION, "name:path": "tokens.css"}
    values["project"] = "1"
    path = route.path
    for name, value in values.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path
    return path


def closed_paths(key: str) -> list[str]:
    return sorted({path_of(route, key) for route in ROUTES if route.path not in PUBLIC})


def visitor(service: Service, authorize: Any) -> TestClient:
    return TestClient(Viewer(authorize, service=service), raise_server_exceptions=False, follow_redirects=False)


def failing(request: Request) -> bool:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("authorize", [None, lambda request: False, lambda request: None, lambda request: ""])
def test_no_route_but_the_public_ones_answers_whom_nobody_let_in(service: Service, authorize: Any, method: str) -> None:
    key = add(service, message=SECRET)
    nobody = visitor(service, authorize)
    for path in [*closed_paths(key), "/unknown", "/api/unknown", "//", "/show/", "/static", "/logster.js/"]:
        answer = nobody.request(method, path)
        assert answer.status_code == 403, path
        assert SECRET not in answer.text
    assert service.store.entry(key)


def test_the_walk_covers_every_route_that_the_app_serves(service: Service) -> None:
    served = Viewer(service=service)._app.routes
    assert {type(route) for route in served} == {Route}
    assert {(route.path, *sorted(route.methods or ())) for route in served if isinstance(route, Route)} == {
        (route.path, *sorted(route.methods or ())) for route in ROUTES
    }


def test_the_public_routes_are_these_and_answer_no_other_method(service: Service) -> None:
    key = add(service, message=SECRET)
    before = service.store.entry(key), service.store.history(10)
    nobody = visitor(service, None)
    declared = {
        "/logster.js": {"GET", "HEAD"},
        "/static/{version}/{name:path}": {"GET", "HEAD"},
        "/report_js_error": {"POST"},
        "/browser_reports": {"POST"},
        **{f"/api/{{project}}/{name}": {"POST", "OPTIONS"} for name in ("envelope", "envelope/", "store", "store/")},
    }
    assert declared.keys() == PUBLIC
    for route in (each for each in ROUTES if each.path in PUBLIC):
        path = path_of(route, key)
        assert access.is_public(path)
        for method in METHODS:
            answer = nobody.request(method, path)
            # No Sentry keys, and no report in the body.
            good = {200} if route.path.startswith(("/logster.js", "/static/")) else {403, 404, 415}
            assert answer.status_code in (good if method in declared[route.path] else {405}), (path, method)
            assert SECRET not in answer.text
    assert (service.store.entry(key), service.store.history(10)) == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "path",
    [
        "/new",
        "/new/{key}",
        "/api/new",
        "/api/{project}/new/",
        "/api/{project}/envelope/new",
        "/logster.js/new",
        "/statics/x",
    ],
)
def test_a_new_route_is_closed_until_it_is_declared(service: Service, path: str, method: str) -> None:
    async def tell(request: Request) -> PlainTextResponse:
        return PlainTextResponse(SECRET)

    for allowed, status in ((True, 200), (False, 403)):
        viewer = Viewer(lambda request, allowed=allowed: allowed, service=service)
        viewer._app.router.routes.insert(0, Route(path, tell, methods=METHODS))
        client = TestClient(viewer)
        if allowed and method not in csrf.SAFE_METHODS:
            status = 403  # a change without its token
        answer = client.request(method, path.replace("{key}", "1").replace("{project}", "1"))
        assert answer.status_code == status
        assert (SECRET in answer.text) == (status == 200 and method != "HEAD")


@pytest.mark.parametrize("root", ["", "/logs", "/a/logs"])
@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "//", "/api/entries", "//api/entries", "/logs", "/logs/", "/logs/logs/static/x", "/logsx", "/LOGS"),
        *("/static/../api/clear", "/static//api/clear", "/static", "/\\static/", "/a/logs/static/x", "/clear\n"),
        *("/api/1/envelope//", "/logster.js/"),
    ],
)
def test_who_decides_sees_the_same_path_as_who_routes(root: str, path: str) -> None:
    for whole in (path, root + path):
        scope = {"type": "http", "path": whole, "root_path": root}
        assert path_below(scope) == get_route_path(scope)


@pytest.mark.parametrize("method", METHODS)
def test_an_error_in_authorize_closes(service: Service, method: str, caplog: pytest.LogCaptureFixture) -> None:
    key = add(service)
    for path in closed_paths(key):
        answer = visitor(service, failing).request(method, path)
        assert answer.status_code == 500
        assert SECRET not in answer.text
    assert "authorize() of the log viewer failed" in caplog.text


def test_a_path_that_climbs_out_of_the_public_files_is_not_served(service: Service) -> None:
    add(service, message=SECRET)
    nobody = visitor(service, None)
    for path in ["/static/../api/entries", "/static/x/..%2f..%2fapi/entries", "/static/x/%2e%2e/app.py", "/static//"]:
        answer = nobody.get(path)
        assert answer.status_code in (403, 404)
        assert SECRET not in answer.text


def test_without_authorize_the_page_says_how_to_open_it(service: Service) -> None:
    answer = visitor(service, None).get("/")
    assert answer.status_code == 403
    assert "Viewer(authorize=is_admin)" in answer.text


def test_whom_authorize_refuses_learns_nothing(service: Service) -> None:
    told = Service(service.settings.with_changes(title="Shop of horrors"))
    answer = visitor(told, lambda request: False).get("/show/abc")
    assert "Shop of horrors" not in answer.text
    assert "authorize" not in answer.text


def test_a_program_is_refused_in_its_own_words(service: Service) -> None:
    answer = visitor(service, lambda request: False).get("/api/entries")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 403


def test_an_async_authorize_is_awaited_on_the_event_loop(service: Service) -> None:
    async def authorize(request: Request) -> bool:
        asyncio.get_running_loop()
        return request.headers.get("x-user") == "ada"

    assert visitor(service, authorize).get("/").status_code == 403
    assert visitor(service, authorize).get("/", headers={"x-user": "ada"}).status_code == 200


@pytest.mark.parametrize("answer", [True, False])
def test_what_authorize_may_be(service: Service, answer: bool) -> None:
    class Sync:
        def __call__(self, request: Request) -> bool:
            return answer

    class Async:
        async def __call__(self, request: Request) -> bool:
            return answer

    async def function(request: Request, result: bool) -> bool:
        return result

    for authorize in (Sync(), Async(), partial(function, result=answer), lambda request: function(request, answer)):
        assert visitor(service, authorize).get("/").status_code == (200 if answer else 403)


def test_a_sync_authorize_runs_on_a_thread_with_the_context_of_its_request(service: Service) -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")
    threads: list[str] = []

    def authorize(request: Request) -> bool:
        threads.append(threading.current_thread().name)
        return user.get() == "ada"

    viewer = Viewer(authorize, service=service)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        user.set("ada")
        threads.append(threading.current_thread().name)
        await viewer(scope, receive, send)

    with TestClient(app) as client:
        threads.clear()
        assert client.get("/").status_code == 200
    assert threads[0] != threads[1]


def test_a_sync_authorize_may_call_its_event_loop(service: Service) -> None:
    async def user_of(request: Request) -> str:
        return request.headers.get("x-user", "")

    viewer = Viewer(lambda request: from_thread.run(user_of, request), service=service)
    assert TestClient(viewer).get("/", headers={"x-user": "ada"}).status_code == 200
    assert TestClient(viewer).get("/").status_code == 403


def test_a_response_of_authorize_is_sent_as_it_is(service: Service) -> None:
    answer = visitor(service, lambda request: RedirectResponse("/login")).get("/api/entries")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/login"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_public_files_need_nobody(service: Service) -> None:
    nobody = visitor(service, None)
    assert nobody.get(f"/static/{assets.VERSION}/tokens.css").status_code == 200
    assert nobody.get("/logster.js").status_code == 200


def test_a_websocket_is_turned_away(service: Service) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/api/events", "root_path": "", "headers": []}
    asyncio.run(Viewer(lambda request: True, service=service)(scope, None, send))  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_failing_authorize_is_logged_with_its_error(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "logster.viewer"):
        visitor(service, failing).get("/")
    [record] = caplog.records
    assert record.exc_info
    assert str(record.exc_info[1]) == SECRET
