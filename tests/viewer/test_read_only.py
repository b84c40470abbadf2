"""Who may look and not change: every route as nobody, as a viewer and as an editor."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.access import Access, Visitor
from logster.service import Service
from tests.viewer.entries import add, key_of
from tests.viewer.forms import change_headers
from tests.viewer.test_access import METHODS, PUBLIC, ROUTES, path_of, visitor

SAFE = {"GET", "HEAD", "OPTIONS"}
ASKING = {"/clear", "/group", "/show/{key}/suppress"}
"""Pages that prepare a change; nobody who may only look has a use for them."""

VIEWER = Visitor("Ada", Access.VIEW)
EDITOR = Visitor("Grace", Access.EDIT)

# The stream of events does not end by itself.
WALKED = [(route, method) for route in ROUTES if route.path not in PUBLIC | {"/api/events"} for method in METHODS]


@pytest.fixture
def key(service: Service) -> str:
    return add(service, message="Payment failed")


def who(service: Service, answer: Any) -> TestClient:
    return visitor(service, lambda request: answer)


def state(service: Service, key: str) -> Any:
    kinds: tuple[Any, ...] = ("suppression", "grouping")
    return service.store.entry(key), [service.store.patterns(kind) for kind in kinds], service.store.history(10)


def test_a_viewer_changes_nothing_on_any_route(service: Service, key: str) -> None:
    client = who(service, VIEWER)
    headers = change_headers(client)
    before = state(service, key)
    for route, method in WALKED:
        answer = client.request(method, path_of(route, key), headers=headers)
        if method not in SAFE or route.path in ASKING:
            assert answer.status_code == 403, (route.path, method)
            if method != "HEAD":
                assert "not change anything" in answer.text
        else:
            assert answer.status_code in (200, 304, 400, 404, 405), (route.path, method)
    assert state(service, key) == before


def test_an_editor_is_refused_on_no_route(service: Service, key: str) -> None:
    client = who(service, EDITOR)
    headers = change_headers(client)
    for route, method in WALKED:
        assert client.request(method, path_of(route, key), headers=headers).status_code != 403, (route.path, method)


@pytest.mark.parametrize("nobody", [Access.NONE, Visitor("Ada", Access.NONE), Visitor(access=Access.NONE), None, ""])
def test_nobody_gets_in_on_any_route(service: Service, key: str, nobody: Any) -> None:
    client = who(service, nobody)
    for route, method in WALKED:
        assert client.request(method, path_of(route, key)).status_code == 403, (route.path, method)


@pytest.mark.parametrize("path", ["/", "/show/{key}", "/settings", "/?key={key}"])
def test_the_pages_of_a_viewer_have_no_form_for_changes(service: Service, key: str, path: str) -> None:
    service.store.add_pattern("suppression", "/noise/", by="Grace")
    seen = who(service, VIEWER).get(path.format(key=key)).text
    assert 'method="post"' not in seen
    assert "suppress" not in seen.replace('id="suppression"', "").replace("is suppressed", "") or path == "/settings"
    assert "only-look" in seen
    assert 'method="post"' in who(service, EDITOR).get(path.format(key=key)).text


def test_an_empty_log_asks_a_viewer_for_no_trial(service: Service) -> None:
    assert "Report a first error" not in who(service, VIEWER).get("/").text
    assert "Report a first error" in who(service, EDITOR).get("/").text


def test_a_viewer_is_not_offered_to_bring_an_entry_back(service: Service, key: str) -> None:
    editor = who(service, EDITOR)
    assert editor.delete(f"/api/entries/{key}", headers=change_headers(editor)).status_code < 300
    assert "Bring it back" not in who(service, VIEWER).get(f"/show/{key}").text
    assert "Bring it back" in who(service, EDITOR).get(f"/show/{key}").text


def test_a_viewer_sees_the_patterns(service: Service) -> None:
    service.store.add_pattern("suppression", "/noise of the night/", by="Grace")
    assert "noise of the night" in who(service, VIEWER).get("/settings").text


@pytest.mark.parametrize("answer", [Access.EDIT, EDITOR, True, "Grace"])
def test_who_may_change_does(service: Service, answer: Any) -> None:
    key = add(service, 7)
    client = who(service, answer)
    assert client.delete(f"/api/entries/{key_of(7)}", headers=change_headers(client)).status_code < 300
    assert service.store.entry(key) is None
    names = ["Grace"] if answer in (EDITOR, "Grace") else []
    assert [each.by for each in service.store.history(1)] == names
