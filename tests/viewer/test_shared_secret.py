"""The login page: its cookie, its CSRF check, expiry, rotation, signing out, and how often one may guess."""

import re
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from logster.access import shared_secret
from logster.errors import ConfigurationError
from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.forms import SAME_ORIGIN, change_headers, fields, token

SECRET, OLD, LOOK = "open sesame, please", "the one of last year", "only for looking at"


def visitor(service: Service, authorize: Any, url: str = "http://testserver") -> TestClient:
    app = Starlette(routes=[Mount("/a/logs", Viewer(authorize, service=service))])
    return TestClient(app, base_url=f"{url}/a/logs", follow_redirects=False)


def sign_in(client: TestClient, secret: str, path: str = "/login") -> Any:
    page = client.get(path).text
    origin = {"Origin": str(client.base_url).split("/a/")[0]}
    return client.post("/login", data=fields(page, '<form class="login"') | {"secret": secret}, headers=origin)


@pytest.fixture
def authorize() -> shared_secret:
    return shared_secret([SECRET, OLD], viewers=LOOK)


@pytest.fixture
def client(service: Service, authorize: shared_secret) -> TestClient:  # type: ignore[override]
    return visitor(service, authorize)


def test_whoever_comes_is_led_to_the_login_and_then_on(service: Service, client: TestClient) -> None:
    key = add(service, message="of the shop")
    asked = client.get(f"/show/{key}?q=a%26b")
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("../login?next=")
    page = client.get("/login?" + asked.headers["location"].partition("?")[2])
    assert page.status_code == 200
    assert "of the shop" not in page.text
    answer = sign_in(client, SECRET, "/login?" + asked.headers["location"].partition("?")[2])
    assert answer.status_code == 303
    assert answer.headers["location"] == f"./show/{key}?q=a%26b"
    assert "of the shop" in client.get(f"/show/{key}").text


def test_a_program_is_told_that_it_needs_a_login(client: TestClient) -> None:
    answer = client.get("/api/entries")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "\\\\evil.example", "a\r\nX-Evil: 1"])
def test_the_way_on_stays_on_this_site(client: TestClient, target: str) -> None:
    data = {"secret": SECRET, "next": target, "csrf_token": token(client, "/login")}
    answer = client.post("/login", data=data, headers=SAME_ORIGIN)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("./")
    assert "x-evil" not in answer.headers


def cookie(answer: Any) -> str:
    return next(each for each in answer.headers.get_list("set-cookie") if "logster_login" in each)


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: TestClient) -> None:
    said = cookie(sign_in(client, SECRET))
    assert "httponly" in said.lower()
    assert "samesite=lax" in said.lower()
    assert "max-age=43200" in said.lower()
    assert "secure" not in said.lower()
    assert SECRET not in said
    # The browser takes the directory of the login page, which is the mount.
    assert "path=" not in said.lower()
    assert [each.path for each in client.cookies.jar if each.name == "logster_login"] == ["/a/logs"]


def test_over_https_the_cookie_never_leaves_it(service: Service, authorize: shared_secret) -> None:
    client = visitor(service, authorize, "https://testserver")
    said = cookie(sign_in(client, SECRET))
    assert said.startswith("__Secure-logster_login=")
    assert "secure" in said.lower().split(";", 1)[1]
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("wrong", ["", "guess", SECRET + " ", SECRET.upper(), "\ud83d"])
def test_a_wrong_secret_does_not_let_in(client: TestClient, wrong: str) -> None:
    data = {"secret": wrong.encode("utf-8", "surrogatepass"), "csrf_token": token(client, "/login")}
    answer = client.post("/login", data=data, headers=SAME_ORIGIN)
    assert answer.status_code == 403
    assert "That is not the secret." in answer.text
    assert client.get("/").status_code == 303


def test_a_login_from_another_site_is_refused(client: TestClient) -> None:
    data = {"secret": SECRET, "csrf_token": token(client, "/login")}
    assert client.post("/login", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/login", data=data, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post("/login", data={"secret": SECRET}, headers=SAME_ORIGIN).status_code == 403
    assert client.get("/").status_code == 303


def test_a_cookie_that_was_tampered_with_is_worth_nothing(service: Service, authorize: shared_secret) -> None:
    client = visitor(service, authorize)
    good = re.search(r"logster_login=([^;]+)", cookie(sign_in(client, LOOK)))
    assert good
    version, access, expires, session, signature = good[1].split(".")
    assert access == "view"
    for value in (
        f"{version}.edit.{expires}.{session}.{signature}",
        f"{version}.{access}.{int(expires) + 1}.{session}.{signature}",
        f"{version}.{access}.{expires}.{'0' * 16}.{signature}",
        f"{version}.{access}.{expires}.{session}.{'0' * 64}",
        f"{version}.{access}.{expires}.{session}.",
        "1.edit.99999999999.",
        "",
    ):
        fresh = visitor(service, authorize)
        assert fresh.get("/", headers={"Cookie": f"logster_login={value}"}).status_code == 303
    assert visitor(service, authorize).get("/", headers={"Cookie": f"logster_login={good[1]}"}).status_code == 200


def test_a_cookie_expires(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logster.access.login_cookie.time.time", lambda: 1_800_000_000.0)
    value = re.search(r"logster_login=([^;]+)", cookie(sign_in(client, SECRET)))
    assert value
    kept = {"Cookie": f"logster_login={value[1]}"}
    client.cookies.clear()
    monkeypatch.setattr("logster.access.login_cookie.time.time", lambda: 1_800_000_000.0 + 43_199)
    assert client.get("/", headers=kept).status_code == 200
    monkeypatch.setattr("logster.access.login_cookie.time.time", lambda: 1_800_000_000.0 + 43_200)
    assert client.get("/", headers=kept).status_code == 303


def test_a_secret_that_is_taken_away_signs_out_its_own_people_only(service: Service, authorize: shared_secret) -> None:
    old, new = visitor(service, authorize), visitor(service, authorize)
    sign_in(old, OLD)
    sign_in(new, SECRET)
    both = shared_secret([SECRET, OLD])
    rotated = shared_secret(SECRET)
    for client, later in ((old, 303), (new, 200)):
        held = {"Cookie": "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)}
        assert visitor(service, both).get("/", headers=held).status_code == 200
        assert visitor(service, rotated).get("/", headers=held).status_code == later
    assert sign_in(visitor(service, rotated), OLD).status_code == 403


def test_signing_out_takes_a_form_of_the_log(client: TestClient) -> None:
    sign_in(client, SECRET)
    page = client.get("/").text
    assert "Sign out" in page
    assert client.post("/logout", headers=SAME_ORIGIN).status_code == 403
    assert client.get("/logout").status_code == 404
    assert client.get("/").status_code == 200
    data = fields(page, '<form class="sign-out"')
    answer = client.post("/logout", data=data, headers=SAME_ORIGIN)
    assert answer.status_code == 303
    assert answer.headers["location"] == "./login"
    assert client.get("/").status_code == 303


def test_who_knows_the_viewers_secret_may_only_look(service: Service, client: TestClient) -> None:
    key = add(service)
    sign_in(client, LOOK)
    assert client.get("/").status_code == 200
    assert client.post(f"/api/entries/{key}/protect", headers=change_headers(client)).status_code == 403
    sign_in(visitor(service, shared_secret(SECRET)), SECRET)


def test_who_is_signed_in_makes_changes(service: Service, client: TestClient) -> None:
    key = add(service)
    sign_in(client, SECRET)
    assert client.post(f"/api/entries/{key}/protect", headers=change_headers(client)).status_code < 300
    assert client.get("/login").headers["location"] == "./"


def test_whoever_guesses_must_wait(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    assert [sign_in(client, "guess").status_code for _ in range(11)] == [403] * 10 + [429]
    refused = sign_in(client, SECRET)
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert "Wait a minute" in refused.text
    monkeypatch.setattr("time.time", lambda: 1_800_000_060.0)
    assert sign_in(client, SECRET).status_code == 303


@pytest.mark.parametrize(
    ("secrets", "options"),
    [
        ((), {}),
        ("short", {}),
        ([SECRET, "short"], {}),
        ([SECRET, SECRET], {}),
        (SECRET, {"viewers": SECRET}),
        (SECRET, {"max_age_seconds": 0}),
    ],
)
def test_a_wrong_set_up_is_refused(secrets: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        shared_secret(secrets, **options)
