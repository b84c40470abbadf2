"""The HTTP API: what it answers, and how it says no."""

import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from tests.viewer.entries import TRACEBACK, add, add_error, key_of
from tests.viewer.forms import change_headers

MEMBERS = {
    "key", "level", "level_number", "logger", "message", "first_message", "template", "count", "first_seen",
    "last_seen", "exception_type", "location", "source", "versions", "flags", "exception", "traceback", "frames",
    "env_count", "env", "group",
}  # fmt: skip


def keys(answer: Any) -> list[str]:
    return [entry["key"] for entry in answer.json()["entries"]]


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


def test_a_page_of_entries(client: TestClient, service: Service) -> None:
    add_error(service, 1, envs=({"a": 1},))
    add(service, 2)
    answer = client.get("/api/entries")
    assert answer.headers["content-type"] == "application/json"
    page = answer.json()
    assert set(page) == {"entries", "next", "previous", "total"}
    assert page["total"] == 2
    assert keys(answer) == [key_of(1), key_of(2)]
    entry = page["entries"][0]
    assert set(entry) == MEMBERS
    assert (entry["traceback"], entry["exception"], entry["env"]) == ("", None, None)
    assert entry["exception_type"] == "psycopg.OperationalError"
    assert abs(entry["last_seen"] - time.time() * 1000) < 60_000


def test_one_entry_has_frames_and_traceback(client: TestClient, service: Service) -> None:
    key = add_error(service, 1)
    entry = client.get(f"/api/entries/{key}").json()
    assert set(entry) == MEMBERS
    assert entry["traceback"] == TRACEBACK
    assert [frame["function"] for frame in entry["frames"]] == ["charge", "execute", "execute"]
    assert entry["exception"]["cause"]["type"] == "KeyError"
    assert entry["env"] is None


def test_env_comes_on_request(client: TestClient, service: Service) -> None:
    key = add(service, envs=({"user": 1}, {"user": 2}))
    [listed] = client.get("/api/entries?env=1").json()["entries"]
    single = client.get(f"/api/entries/{key}?env=1").json()["env"]
    alone = client.get(f"/api/entries/{key}/env").json()["env"]
    assert [sample["user"] for sample in alone] == [2, 1]
    assert listed["env"] == single == alone
    assert all(isinstance(sample["time"], int) for sample in alone)


def test_levels_and_query_filter(client: TestClient, service: Service) -> None:
    add(service, 1, "Payment failed", level=40)
    add(service, 2, "Payment slow", level=30)
    add(service, 3, "Cache cold", level=20)
    assert keys(client.get("/api/entries?level=ERROR&level=info")) == [key_of(1), key_of(3)]
    assert keys(client.get("/api/entries?q=payment&level=WARNING")) == [key_of(2)]


@pytest.mark.parametrize("since", ["90m", "5400s", "{}"])
def test_since_takes_an_age_or_a_moment(client: TestClient, service: Service, since: str) -> None:
    add(service, 1, age_ms=60_000)
    add(service, 2, age_ms=2 * 3_600_000)
    moment = since.format(int(time.time() * 1000) - 5_400_000)
    assert keys(client.get(f"/api/entries?since={moment}")) == [key_of(1)]
    assert keys(client.get(f"/api/entries?until={moment}")) == [key_of(2)]


def test_cursors_lead_both_ways(client: TestClient, service: Service) -> None:
    for number in range(1, 8):
        add(service, number)
    first = client.get("/api/entries?limit=3")
    second = client.get(f"/api/entries?limit=3&before={first.json()['next']}")
    third = client.get(f"/api/entries?limit=3&before={second.json()['next']}")
    assert keys(first) + keys(second) + keys(third) == [key_of(number) for number in range(1, 8)]
    assert third.json()["next"] is None
    assert first.json()["previous"] is None
    back = client.get(f"/api/entries?limit=3&after={third.json()['previous']}")
    assert keys(back) == keys(second)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "level=LOUD", "since=soon", "before=%3F", "before=a&after=b", "limit=%C2%B2"],
)
def test_parameters_that_cannot_be_read_are_told(client: TestClient, query: str) -> None:
    problem(client.get(f"/api/entries?{query}"), 400)


def test_a_mistake_in_a_query_comes_with_its_place(client: TestClient) -> None:
    query = "payment level:nonsense"
    document = problem(client.get("/api/entries", params={"q": query}), 400)
    assert "nonsense" in query[document["start"] : document["end"]]


@pytest.mark.parametrize(
    ("action", "flag"), [("protect", ["protected"]), ("unprotect", []), ("solve", ["solved"]), ("unsolve", [])]
)
def test_changes_of_one_entry(client: TestClient, service: Service, action: str, flag: list[str]) -> None:
    key = add(service)
    if action == "unsolve":
        service.store.solve([key])
    answer = client.post(f"/api/entries/{key}/{action}", headers=change_headers(client))
    assert answer.json() == {"changed": 1}
    entry = service.store.entry(key)
    assert entry
    assert entry.flags == flag


def test_delete_removes_one_entry(client: TestClient, service: Service) -> None:
    key, other = add(service, 1), add(service, 2)
    assert client.delete(f"/api/entries/{key}", headers=change_headers(client)).json()["changed"] == 1
    assert keys(client.get("/api/entries")) == [other]


@pytest.mark.parametrize("action", ["delete", "protect", "unprotect", "solve", "unsolve"])
def test_bulk_changes_those_that_exist(client: TestClient, service: Service, action: str) -> None:
    found = [add(service, 1), add(service, 2)]
    if action == "unsolve":
        service.store.solve(found)
    wanted = {"action": action, "keys": [*found, key_of(9)]}
    answer = client.post("/api/entries/bulk", json=wanted, headers=change_headers(client))
    assert answer.json()["changed"] == 2


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"action":"explode","keys":[]}', '{"action":"solve"}', '{"action":"solve","keys":[1]}',
             '{"action":"solve","keys":[],"more":1}', "[" * 100_000, '{"action":"solve","keys":["\ud800"]}']
)  # fmt: skip
def test_a_bulk_body_that_cannot_be_used_is_told(client: TestClient, body: str) -> None:
    headers = change_headers(client) | {"Content-Type": "application/json"}
    problem(client.post("/api/entries/bulk", content=body.encode("utf-8", "surrogatepass"), headers=headers), 400)


def test_a_bulk_body_of_another_type_is_refused(client: TestClient) -> None:
    headers = change_headers(client)
    problem(client.post("/api/entries/bulk", data={"action": "solve"}, headers=headers), 415)


def test_too_many_keys_at_once_are_refused(client: TestClient) -> None:
    body = {"action": "solve", "keys": ["a"] * 1_001}
    problem(client.post("/api/entries/bulk", json=body, headers=change_headers(client)), 413)


def test_clear_keeps_protected_entries(client: TestClient, service: Service) -> None:
    kept, _ = add(service, 1), add(service, 2)
    service.store.protect(kept)
    assert client.post("/api/clear", headers=change_headers(client)).json() == {"changed": 1}
    assert keys(client.get("/api/entries")) == [kept]


@pytest.mark.parametrize("key", [key_of(9), "no-key", "ä", "%00", "*", "a:b", "a" * 5_000])
def test_an_unknown_entry_is_not_found(client: TestClient, service: Service, key: str) -> None:
    add(service)
    headers = change_headers(client)
    for path in ("", "/env", "/timeline"):
        problem(client.get(f"/api/entries/{key}{path}"), 404)
    for path in ("/protect", "/unprotect", "/solve"):
        problem(client.post(f"/api/entries/{key}{path}", headers=headers), 404)
    problem(client.delete(f"/api/entries/{key}", headers=headers), 404)


def test_timelines_count_occurrences(client: TestClient, service: Service) -> None:
    key = add(service, 1, level=40, count=3)
    add(service, 2, level=30)
    overall = client.get("/api/timeline").json()
    assert overall["resolution"] == "hour"
    assert sum(sum(bucket["counts"].values()) for bucket in overall["buckets"]) == 4
    one = client.get(f"/api/entries/{key}/timeline").json()
    assert sum(sum(bucket["counts"].values()) for bucket in one["buckets"]) == 3
    assert client.get("/api/timeline?resolution=minute&since=2h").json()["resolution"] == "minute"


@pytest.mark.parametrize("path", ["/api/timeline?resolution=second", "/api/timeline?since=soon"])
def test_a_timeline_that_cannot_be_had_is_told(client: TestClient, path: str) -> None:
    problem(client.get(path), 400)


def test_an_entry_has_no_timeline_by_the_minute(client: TestClient, service: Service) -> None:
    problem(client.get(f"/api/entries/{add(service)}/timeline?resolution=minute"), 400)


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "/api/entries", 405), ("POST", "/api/entries", 405), ("GET", "/api/clear", 405), ("GET", "/api/x", 404)],
)
def test_unknown_addresses_and_methods_are_told(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path, headers=change_headers(client))
    problem(answer, status)
    assert ("allow" in answer.headers) == (status == 405)


def test_answers_follow_the_namespace_of_their_request(service: Service) -> None:
    import contextvars

    from logster.viewer.app import Viewer

    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
    base = service.settings.current_namespace()
    many = Service(service.settings.with_changes(namespace=lambda: f"{base}-{tenant.get()}"))
    viewer = Viewer(lambda request: True, service=many)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            tenant.set(dict(scope["headers"])[b"x-tenant"].decode())
        await viewer(scope, receive, send)

    client = TestClient(app)
    tenant.set("blue")
    key = add(many)
    assert keys(client.get("/api/entries", headers={"x-tenant": "blue"})) == [key]
    assert keys(client.get("/api/entries", headers={"x-tenant": "red"})) == []
    assert client.get(f"/api/entries/{key}", headers={"x-tenant": "red"}).status_code == 404
    many.close()
