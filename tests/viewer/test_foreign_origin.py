"""Requests that pages of other sites make a reader's browser send: every changing route, with cookies and without."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer.app import Viewer
from logster.viewer.csrf import SAFE_METHODS
from tests.viewer.entries import add
from tests.viewer.forms import SAME_ORIGIN, token
from tests.viewer.test_access import METHODS, PUBLIC, ROUTES, path_of

EVIL = "https://evil.example"
CHANGES = sorted(
    {
        (route.path, method)
        for route in ROUTES
        if route.path not in PUBLIC
        for method in (route.methods or ()) - SAFE_METHODS
    }
)
FOREIGN = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": "null", "Referer": "http://testserver/"},
    {"Origin": "http://testserver:8080"},
    {"Origin": "http://testserver."},
    {"Referer": "http://testserver/"},
    {"Referer": f"{EVIL}/http://testserver/"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver", "Referer": "http://testserver/"},
    {"Origin": EVIL, "X-Forwarded-Host": "evil.example"},
    {"Origin": EVIL, "Forwarded": "host=evil.example"},
    {"Origin": EVIL, "X-Original-Host": "evil.example"},
    {},
]
FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/json", ""]
BODY = {"action": "delete", "pattern": "/.+/", "retroactive": "1", "kind": "suppression"}


def state(service: Service, key: str) -> Any:
    kinds: tuple[Any, ...] = ("suppression", "grouping")
    patterns = [service.store.patterns(kind) for kind in kinds]
    return service.store.entry(key), patterns, service.store.history(10), service.store.count()


def path_for(path: str, key: str) -> str:
    return path_of(next(route for route in ROUTES if route.path == path), key)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_route_changes_anything_for_another_site(
    client: TestClient, service: Service, headers: dict[str, str]
) -> None:
    key = add(service)
    before = state(service, key)
    given = token(client)
    without = TestClient(Viewer(lambda request: "Ada", service=service))
    for path, method in CHANGES:
        for browser in (client, without):
            data = BODY | {"keys": key, "csrf_token": given}
            answer = browser.request(method, path_for(path, key), data=data, headers=headers | {"X-CSRF-Token": given})
            assert answer.status_code == 403, (path, method)
            assert "access-control-allow-origin" not in answer.headers
    assert state(service, key) == before


@pytest.mark.parametrize("kind", FORMS)
def test_no_form_of_another_site_changes_anything(client: TestClient, service: Service, kind: str) -> None:
    """Neither cookie nor origin is missing, which is more than another site can do; only the token is."""
    key = add(service)
    before = state(service, key)
    client.get("/")
    body = f'{{"action": "delete", "keys": ["{key}"], "csrf_token": "x"}}'
    for path, method in CHANGES:
        headers = SAME_ORIGIN | ({"Content-Type": kind} if kind else {})
        answer = client.request(method, path_for(path, key), content=body, headers=headers)
        assert answer.status_code == 403, (path, method)
    assert state(service, key) == before


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_no_header_makes_another_method_of_a_request(client: TestClient, service: Service, name: str) -> None:
    key = add(service)
    before = state(service, key)
    given = token(client)
    for path, method in CHANGES:
        if path != "/undo":
            target = f"{path_for(path, key)}?_method={method}&csrf_token={given}&action=delete&keys={key}"
            client.get(target, headers=SAME_ORIGIN | {name: method, "X-CSRF-Token": given})
        foreign = client.post(path_for(path, key), headers={"Origin": EVIL, name: "GET", "X-CSRF-Token": given})
        assert foreign.status_code == 403
    assert state(service, key) == before


def test_no_answer_lets_another_site_read_it(client: TestClient, service: Service) -> None:
    key = add(service)
    for route in ROUTES:
        if route.path not in PUBLIC | {"/api/events"}:
            for method in METHODS:
                answer = client.request(method, path_of(route, key), headers={"Origin": EVIL})
                assert not [name for name in answer.headers if name.startswith("access-control-")], route.path


@pytest.mark.parametrize("allowed", [True, False])
def test_no_page_may_be_shown_in_a_frame(service: Service, allowed: bool) -> None:
    key = add(service)
    client = TestClient(Viewer(lambda request: allowed, service=service))
    for path in [path_of(route, key) for route in ROUTES if route.path != "/api/events"] + ["/unknown"]:
        for method in ("GET", "POST"):
            answer = client.request(method, path)
            assert answer.headers["x-frame-options"] == "DENY", path
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
