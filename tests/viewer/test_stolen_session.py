"""A cookie of somebody who may only look, in other hands: it cannot change, cannot become more, and ends."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.access import shared_secret
from logster.access.login_cookie import Signer
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from logster.viewer.csrf import SAFE_METHODS
from logster.viewer.permission import Access
from tests.viewer.entries import add
from tests.viewer.forms import SAME_ORIGIN, change_headers, token
from tests.viewer.test_access import PUBLIC, ROUTES, path_of

SECRET, LOOK, NEXT = "open sesame, please", "only for looking at", "for looking at next year"


def visitor(service: Service, authorize: Any) -> TestClient:
    return TestClient(Viewer(authorize, service=service), follow_redirects=False)


def sign_in(client: TestClient, secret: str) -> str:
    """Sign in, and return the cookie."""
    data = {"secret": secret, "csrf_token": token(client, "/login")}
    assert client.post("/login", data=data, headers=SAME_ORIGIN).status_code == 303
    return str(client.cookies["logster_login"])


def thief(service: Service, authorize: Any, cookie: str) -> TestClient:
    client = visitor(service, authorize)
    client.cookies.set("logster_login", cookie)
    return client


def test_it_looks_and_changes_nothing(service: Service) -> None:
    key = add(service)
    authorize = shared_secret(SECRET, viewers=LOOK)
    client = thief(service, authorize, sign_in(visitor(service, authorize), LOOK))
    before = service.store.entry(key), service.store.history(10)
    headers = change_headers(client)
    for route in ROUTES:
        if route.path not in PUBLIC:
            for method in (route.methods or set()) - SAFE_METHODS:
                assert client.request(method, path_of(route, key), headers=headers).status_code == 403, route.path
    assert (service.store.entry(key), service.store.history(10)) == before


def test_it_cannot_be_made_more(service: Service) -> None:
    key = add(service)
    authorize = shared_secret(SECRET, viewers=LOOK)
    cookie = sign_in(visitor(service, authorize), LOOK)
    # Even under the key of those who look, a claim to edit is no cookie of that secret.
    forged = Signer(Signer.of(LOOK, Access.VIEW).key, Access.EDIT).sign(3_600)
    editor = cookie.replace(".view.", ".edit.")
    for value in (editor, forged, f"{cookie}; logster_login={editor}"):
        client = thief(service, authorize, value)
        assert client.get("/").status_code == 303
        assert client.post(f"/api/entries/{key}/protect", headers=SAME_ORIGIN).status_code == 401
    client = thief(service, authorize, cookie)
    # The login page is for who is not signed in; what is sent to it without the secret changes nothing.
    assert client.get("/login?access=edit").status_code == 303
    data = {"secret": LOOK, "access": "edit", "csrf_token": token(client)}
    assert client.post("/login", data=data, headers=SAME_ORIGIN).status_code == 303
    assert client.post(f"/api/entries/{key}/protect", headers=change_headers(client)).status_code == 403


def test_it_ends_when_the_secret_is_changed(service: Service) -> None:
    cookie = sign_in(visitor(service, shared_secret(SECRET, viewers=LOOK)), LOOK)
    assert thief(service, shared_secret(SECRET, viewers=[NEXT, LOOK]), cookie).get("/").status_code == 200
    assert thief(service, shared_secret(SECRET, viewers=NEXT), cookie).get("/").status_code == 303
    # The same secret with other rights is another one, too.
    assert thief(service, shared_secret([SECRET, LOOK]), cookie).get("/").status_code == 303


def test_it_ends_with_its_time_whatever_the_browser_keeps(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    authorize = shared_secret(SECRET, viewers=LOOK, max_age_seconds=600)
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    cookie = sign_in(visitor(service, authorize), LOOK)
    monkeypatch.setattr("time.time", lambda: 1_800_000_599.0)
    client = thief(service, authorize, cookie)
    assert client.get("/").status_code == 200
    # Looking does not make it last.
    monkeypatch.setattr("time.time", lambda: 1_800_000_600.0)
    assert client.get("/").status_code == 303


def sign_out(client: TestClient) -> None:
    data = {"csrf_token": token(client)}
    assert client.post("/logout", data=data, headers=SAME_ORIGIN).status_code == 303


def test_it_ends_when_its_owner_signs_out(service: Service) -> None:
    authorize = shared_secret(SECRET, viewers=LOOK)
    owner, colleague = visitor(service, authorize), visitor(service, authorize)
    cookie = sign_in(owner, LOOK)
    sign_in(colleague, LOOK)
    assert thief(service, authorize, cookie).get("/").status_code == 200
    sign_out(owner)
    # In another process, too.
    other = Service(service.settings)
    for each in (service, other):
        client = thief(each, shared_secret(SECRET, viewers=LOOK), cookie)
        assert client.get("/").status_code == 303
        assert client.get("/api/entries").status_code == 401
        assert client.get("/api/events").status_code == 401
    other.close()
    assert colleague.get("/").status_code == 200
    sign_in(owner, LOOK)
    assert owner.get("/").status_code == 200


def test_signing_out_without_a_good_cookie_leaves_nothing_in_redis(service: Service) -> None:
    authorize = shared_secret(SECRET, viewers=LOOK)
    cookie = sign_in(visitor(service, authorize), LOOK)
    session = cookie.split(".")[3]
    client = thief(service, authorize, cookie.replace(".view.", ".edit."))
    data = {"csrf_token": token(client, "/login")}
    assert client.post("/logout", data=data, headers=SAME_ORIGIN).status_code == 303
    assert not service.store.is_signed_out(session)
    assert thief(service, authorize, cookie).get("/").status_code == 200


def test_a_session_is_good_while_redis_cannot_say_that_it_was_signed_out(settings: Settings, tmp_path: Path) -> None:
    away = Service(settings.with_changes(redis_url=f"unix://{tmp_path}/nobody.sock", redis_timeout_seconds=0.2))
    authorize = shared_secret(SECRET)
    client = thief(away, authorize, Signer.of(SECRET, Access.EDIT).sign(3_600))
    assert client.get("/api/entries").status_code == 503
    assert client.get("/login").status_code == 303
    away.close()
