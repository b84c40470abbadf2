"""Changes come from the viewer's own pages, or are not made."""

import pytest
from starlette.testclient import TestClient

from logster.service import Service
from logster.viewer.app import Viewer
from logster.viewer.csrf import MAX_BODY_BYTES
from tests.viewer.entries import add
from tests.viewer.forms import SAME_ORIGIN, change_headers, token
from tests.viewer.test_access import METHODS, closed_paths


def is_protected(service: Service, key: str) -> bool:
    entry = service.store.entry(key)
    assert entry
    return entry.has("protected")


def test_the_token_of_a_page_makes_a_change(client: TestClient, service: Service) -> None:
    key = add(service)
    answer = client.post(f"/api/entries/{key}/protect", headers=change_headers(client))
    assert answer.status_code == 200
    assert is_protected(service, key)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver@evil.example"},
        {"Origin": "http://[broken"},
        {"Origin": "null"},
        {"Origin": "http://evil.example", "Host": "testserver", "X-Forwarded-Host": "evil.example"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Referer": "http://testserver/"},
    ],
)
def test_a_change_from_elsewhere_is_refused_even_with_the_token(
    client: TestClient, service: Service, headers: dict[str, str]
) -> None:
    key = add(service)
    answer = client.post(f"/api/entries/{key}/protect", headers={"X-CSRF-Token": token(client), **headers})
    assert answer.status_code == 403
    assert not is_protected(service, key)


@pytest.mark.parametrize("given", ["", "x", "A" * 48, "A" * 47 + "!", "ä" * 24])
def test_a_wrong_token_is_refused(client: TestClient, service: Service, given: str) -> None:
    key = add(service)
    client.get("/")
    headers = {**SAME_ORIGIN, "X-CSRF-Token": given.encode("latin-1")}
    answer = client.post(f"/api/entries/{key}/protect", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["csrf"] is True
    assert not is_protected(service, key)


def test_the_token_of_another_reader_is_refused(client: TestClient, service: Service) -> None:
    key = add(service)
    other = TestClient(Viewer(lambda request: True, service=service))
    other.get("/")
    answer = other.post(f"/api/entries/{key}/protect", headers=change_headers(client))
    assert answer.status_code == 403
    assert not is_protected(service, key)


def test_a_token_without_its_cookie_is_refused(client: TestClient, service: Service) -> None:
    key = add(service)
    headers = change_headers(client)
    client.cookies.clear()
    assert client.post(f"/api/entries/{key}/protect", headers=headers).status_code == 403
    assert not is_protected(service, key)


def test_a_browser_that_says_same_origin_needs_no_origin_header(client: TestClient, service: Service) -> None:
    key = add(service)
    headers = {"X-CSRF-Token": token(client), "Sec-Fetch-Site": "same-origin"}
    assert client.post(f"/api/entries/{key}/protect", headers=headers).status_code == 200


def test_a_forwarded_host_counts_behind_trusted_proxies_only(service: Service) -> None:
    key = add(service)
    behind = Service(service.settings.with_changes(trusted_hops=1))
    client = TestClient(Viewer(lambda request: True, service=behind))
    headers = {"X-CSRF-Token": token(client), "Origin": "https://shop.example", "X-Forwarded-Host": "shop.example"}
    assert client.post(f"/api/entries/{key}/protect", headers=headers).status_code == 200
    behind.close()


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("GET", "HEAD", "OPTIONS")])
def test_every_change_of_every_route_needs_the_token(client: TestClient, service: Service, method: str) -> None:
    key = add(service)
    for path in closed_paths(key):
        answer = client.request(method, path, headers=SAME_ORIGIN)
        assert answer.status_code == 403, path
    assert service.store.entry(key)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_nothing_changes_on_get(client: TestClient, service: Service, method: str) -> None:
    key = add(service)
    before = service.store.entry(key)
    for path in closed_paths(key):
        if path != "/api/events":
            client.request(method, path)
            client.request(method, f"{path}?action=delete&csrf_token={token(client)}&done=delete")
    assert service.store.entry(key) == before


def test_tokens_differ_each_time_and_all_hold(client: TestClient, service: Service) -> None:
    key = add(service)
    tokens = {token(client) for _ in range(5)}
    assert len(tokens) == 5
    for each in tokens:
        headers = {"X-CSRF-Token": each, **SAME_ORIGIN}
        assert client.post(f"/api/entries/{key}/protect", headers=headers).status_code == 200


def test_the_cookie_is_set_once_and_out_of_reach_of_scripts(client: TestClient) -> None:
    cookie = client.get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "set-cookie" not in client.get("/").headers


def test_the_cookie_is_bound_to_the_host_over_https(service: Service) -> None:
    client = TestClient(Viewer(lambda request: True, service=service), base_url="https://testserver")
    cookie = client.get("/").headers["set-cookie"]
    assert cookie.startswith("__Host-logster_csrf=")
    assert "Secure" in cookie


def test_cookie_secure_holds_where_a_proxy_ends_https(service: Service) -> None:
    behind = Service(service.settings.with_changes(cookie_secure=True))
    cookie = TestClient(Viewer(lambda request: True, service=behind)).get("/").headers["set-cookie"]
    assert cookie.startswith("__Host-logster_csrf=")
    behind.close()


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    headers = change_headers(client)
    answer = client.post("/api/entries/bulk", content=b"x" * (MAX_BODY_BYTES + 1), headers=headers)
    assert answer.status_code == 413
