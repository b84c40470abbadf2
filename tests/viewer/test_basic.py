"""HTTP basic authentication: names, hashes, who may what, and how often one may guess."""

from base64 import b64encode
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.access import basic, hash_password
from logster.access.passwords import PasswordHash
from logster.errors import ConfigurationError
from logster.service import Service
from logster.viewer.app import Viewer
from tests.viewer.entries import add
from tests.viewer.forms import change_headers

ADA, BOB = hash_password("ada's secret"), hash_password("bob: ✓")


def visitor(service: Service, authorize: Any = None, address: str = "192.0.2.1") -> TestClient:
    authorize = authorize or basic({"ada": ADA, "bob": BOB}, viewers=["bob"])
    return TestClient(Viewer(authorize, service=service), client=(address, 5000), follow_redirects=False)


def header(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}


def test_the_browser_is_asked_for_name_and_password(service: Service) -> None:
    add(service, message="of the shop")
    for path in ("/", "/api/entries"):
        answer = visitor(service).get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "of the shop" not in answer.text


def test_the_right_password_lets_in_and_names_who_it_is(service: Service) -> None:
    key = add(service)
    client = visitor(service)
    client.headers.update(header("ada", "ada's secret"))
    assert client.post(f"/api/entries/{key}/protect", headers=change_headers(client)).status_code < 300
    assert service.store.history(1)[0].by == "ada"


def test_a_viewer_may_only_look(service: Service) -> None:
    key = add(service)
    client = visitor(service)
    client.headers.update(header("bob", "bob: ✓"))
    assert client.get("/").status_code == 200
    assert client.post(f"/api/entries/{key}/protect", headers=change_headers(client)).status_code == 403


@pytest.mark.parametrize(
    "given",
    [
        header("ada", "wrong"),
        header("ada", ""),
        header("", "ada's secret"),
        header("bob", "ada's secret"),
        header("ADA", "ada's secret"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic YWRh"},
        {"Authorization": "Bearer ada"},
        {"Authorization": "Basic /////w=="},
        {"Authorization": "Basic " + "QUFB" * 5_000},
    ],
)
def test_anything_else_does_not(service: Service, given: dict[str, str]) -> None:
    assert visitor(service).get("/", headers=given).status_code == 401


def test_a_name_that_there_is_not_is_as_much_work(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []
    is_of = PasswordHash.is_of

    def noted(self: PasswordHash, password: str) -> bool:
        checked.append(self.cost)
        return is_of(self, password)

    monkeypatch.setattr(PasswordHash, "is_of", noted)
    client = visitor(service)
    client.get("/", headers=header("ada", "wrong"))
    client.get("/", headers=header("nobody", "wrong"))
    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_a_right_password_is_hashed_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    is_of = PasswordHash.is_of

    def noted(self: PasswordHash, password: str) -> bool:
        checked.append(password)
        return is_of(self, password)

    monkeypatch.setattr(PasswordHash, "is_of", noted)
    client = visitor(service)
    for _ in range(20):
        assert client.get("/healthz", headers=header("ada", "ada's secret")).status_code == 200
    assert checked == ["ada's secret"]


def test_an_address_that_guesses_must_wait_and_others_need_not(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    authorize = basic({"ada": ADA})
    client = visitor(service, authorize)
    statuses = [client.get("/", headers=header("ada", f"guess {number}")).status_code for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = client.get("/", headers=header("ada", "ada's secret"))
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    other = visitor(service, authorize, "192.0.2.2")
    assert other.get("/", headers=header("ada", "ada's secret")).status_code == 200
    monkeypatch.setattr("time.time", lambda: 1_800_000_061.0)
    assert client.get("/", headers=header("ada", "ada's secret")).status_code == 200


def test_addresses_of_one_ipv6_network_guess_together(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    authorize = basic({"ada": ADA})
    for number in range(10):
        visitor(service, authorize, f"2001:db8::{number + 1:x}").get("/", headers=header("ada", "guess"))
    answer = visitor(service, authorize, "2001:db8::ff").get("/", headers=header("ada", "guess"))
    assert answer.status_code == 429


def test_a_claimed_address_does_not_help(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.0)
    client = visitor(service)
    for number in range(10):
        client.get("/", headers=header("ada", "guess") | {"X-Forwarded-For": f"198.51.100.{number}"})
    answer = client.get("/", headers=header("ada", "guess") | {"X-Forwarded-For": "198.51.100.99"})
    assert answer.status_code == 429


@pytest.mark.parametrize(
    ("users", "viewers"),
    [({}, []), ({"ada": "plain"}, []), ({"a:b": ADA}, []), ({"": ADA}, []), ({"ada": ADA}, ["bob"])],
)
def test_a_wrong_set_up_is_refused(users: dict[str, str], viewers: list[str]) -> None:
    with pytest.raises(ConfigurationError):
        basic(users, viewers=viewers)
