"""Patterns over HTTP: what is listed, what a change answers, and how a mistake is told."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add, key_of
from tests.viewer.forms import change_headers
from tests.viewer.test_api import problem

KINDS = ["suppression", "grouping"]


def send(client: TestClient, method: str, path: str, **body: Any) -> Any:
    return client.request(method, f"/api/patterns/{path}", json=body, headers=change_headers(client))


def listed(client: TestClient, kind: str) -> list[tuple[str, int, str]]:
    answer = client.get(f"/api/patterns/{kind}").json()
    assert set(answer) == {"patterns"}
    return [(each["pattern"], each["count"], each["source"]) for each in answer["patterns"]]


@pytest.mark.parametrize("kind", KINDS)
def test_patterns_are_added_changed_and_removed(client: TestClient, kind: str) -> None:
    assert send(client, "POST", kind, pattern="timed? out").json()["pattern"] == "/timed? out/"
    assert send(client, "POST", kind, pattern="/ping/i").status_code == 200
    assert listed(client, kind) == [("/timed? out/", 0, "ui"), ("/ping/i", 0, "ui")]
    changed = send(client, "PUT", kind, pattern="/ping/i", new_pattern="/^Ping/")
    assert changed.json()["pattern"] == "/^Ping/"
    assert send(client, "DELETE", kind, pattern="timed? out").json() == {"removed": "timed? out"}
    assert listed(client, kind) == [("/^Ping/", 0, "ui")]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_pattern_is_made_of(client: TestClient, kind: str) -> None:
    send(client, "POST", kind, pattern="/ping/")
    [pattern] = client.get(f"/api/patterns/{kind}").json()["patterns"]
    assert set(pattern) == {"pattern", "count", "source", "by", "created_ms"}
    assert pattern["by"] == "Ada"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pattern", ["", "a", "(", "a{2,1}", "/x.*/q", ".*", r"(a)\1", "x" * 500, "(?=a)b"])
def test_a_pattern_that_cannot_be_used_is_told_why(client: TestClient, kind: str, pattern: str) -> None:
    assert len(problem(send(client, "POST", kind, pattern=pattern), 400)["detail"]) > 20
    send(client, "POST", kind, pattern="/ping/")
    problem(send(client, "PUT", kind, pattern="/ping/", new_pattern=pattern), 400)
    problem(send(client, "POST", f"{kind}/preview", pattern=pattern), 400)
    assert listed(client, kind) == [("/ping/", 0, "ui")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_pattern_that_is_there_already_is_a_conflict(client: TestClient, kind: str) -> None:
    send(client, "POST", kind, pattern="/ping/")
    send(client, "POST", kind, pattern="/pong/")
    assert "/ping/" in problem(send(client, "POST", kind, pattern="ping"), 409)["detail"]
    problem(send(client, "PUT", kind, pattern="/pong/", new_pattern="/ping/"), 409)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pattern_that_is_not_there_is_not_found(client: TestClient, kind: str) -> None:
    assert "/pong/" in problem(send(client, "DELETE", kind, pattern="/pong/"), 404)["detail"]
    problem(send(client, "PUT", kind, pattern="/pong/", new_pattern="/ping/"), 404)
    problem(send(client, "POST", "suppression/reset-count", pattern="/pong/"), 404)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_there_are_no_patterns_of_another_kind(client: TestClient, method: str) -> None:
    problem(send(client, method, "forgetting", pattern="/ping/", new_pattern="/pong/"), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_body_that_cannot_be_used_is_told(client: TestClient, method: str) -> None:
    problem(send(client, method, "suppression", other=1), 400)
    headers = change_headers(client)
    problem(client.request(method, "/api/patterns/suppression", data={"pattern": "/x/"}, headers=headers), 415)


def test_a_retroactive_pattern_deletes_what_it_matches(client: TestClient, service: Service) -> None:
    add(service, 1, "ping failed")
    kept, other = add(service, 2, "ping slow"), add(service, 3, "pong")
    service.store.protect(kept)
    assert send(client, "POST", "suppression/preview", pattern="/ping/").json() == {"pattern": "/ping/", "count": 2}
    assert send(client, "POST", "suppression", pattern="/ping/", retroactive=True).json()["deleted"] == 1
    assert [entry["key"] for entry in client.get("/api/entries").json()["entries"]] == [kept, other]


def test_hits_are_counted_and_reset(client: TestClient, service: Service) -> None:
    send(client, "POST", "suppression", pattern="/ping/")
    add(service, 1, "ping failed", count=3)
    assert listed(client, "suppression") == [("/ping/", 3, "ui")]
    assert send(client, "POST", "suppression/reset-count", pattern="/ping/").json() == {"pattern": "/ping/", "was": 3}
    assert listed(client, "suppression") == [("/ping/", 0, "ui")]


def test_the_rules_of_the_app_are_listed_and_only_their_count_changes(service: Service) -> None:
    strict = Service(service.settings.with_changes(ignore=["wp-login"]))
    client = TestClient(Viewer(lambda request: True, service=strict))
    add(strict, 1, "Not Found: /wp-login.php", count=2)
    assert listed(client, "suppression") == [("wp-login", 2, "code")]
    assert send(client, "POST", "suppression/reset-count", pattern="wp-login").json()["was"] == 2
    problem(send(client, "DELETE", "suppression", pattern="wp-login"), 404)
    assert listed(client, "suppression") == [("wp-login", 0, "code")]


def test_a_pattern_is_suggested_for_entries(client: TestClient, service: Service) -> None:
    add(service, 1, "Feed 17 failed")
    add(service, 2, "Feed 4 failed")
    keys = [key_of(1), key_of(2), key_of(9)]
    assert send(client, "POST", "grouping/suggest", keys=keys).json() == {"pattern": r"/^Feed \d+ failed/"}
    assert send(client, "POST", "grouping/suggest", keys=[]).json() == {"pattern": ""}
    problem(send(client, "POST", "grouping/suggest", keys=["a"] * 1_001), 400)


def test_the_history_says_who_changed_what(client: TestClient, service: Service) -> None:
    send(client, "POST", "suppression", pattern="/ping/")
    [change] = client.get("/api/history").json()["history"]
    assert set(change) == {"time_ms", "kind", "by", "subject"}
    assert change["by"] == "Ada"
    assert "/ping/" in change["subject"]
    send(client, "POST", "suppression", pattern="/pong/")
    assert len(client.get("/api/history?limit=1").json()["history"]) == 1
    for limit in ("0", "101", "x", "²"):
        problem(client.get("/api/history", params={"limit": limit}), 400)


def test_somebody_without_a_name_changes_things_as_nobody(service: Service) -> None:
    client = TestClient(Viewer(lambda request: True, service=service))
    send(client, "POST", "suppression", pattern="/ping/")
    assert client.get("/api/history").json()["history"][0]["by"] == ""


def test_a_change_without_the_token_is_not_made(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        body = {"pattern": "/ping/", "new_pattern": "/pong/"}
        problem(client.request(method, "/api/patterns/suppression", json=body, headers={"Origin": "http://x"}), 403)
    assert listed(client, "suppression") == []


@pytest.mark.parametrize("action", ["delete", "protect", "unprotect", "solve", "unsolve"])
def test_the_history_says_who_changed_an_entry(client: TestClient, service: Service, action: str) -> None:
    key = add(service)
    if action == "unsolve":
        service.store.solve([key])
    answer = client.post(f"/api/entries/{key}/{action}", headers=change_headers(client))
    assert answer.status_code == 200
    [change] = client.get("/api/history").json()["history"]
    assert (change["kind"], change["by"], change["subject"]) == (action, "Ada", key)


def test_the_history_says_who_cleared_and_who_undid(client: TestClient, service: Service) -> None:
    deleted = client.delete(f"/api/entries/{add(service)}", headers=change_headers(client)).json()
    client.post("/api/entries/undo", json={"token": deleted["undo"]}, headers=change_headers(client))
    client.post("/api/clear", headers=change_headers(client))
    changes = client.get("/api/history").json()["history"]
    assert [(change["kind"], change["by"]) for change in changes] == [
        (k, "Ada") for k in ("clear", "restore", "delete")
    ]
