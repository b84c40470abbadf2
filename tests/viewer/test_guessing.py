"""Guessing a password or secret: bounded for all processes together, and where Redis is away for each alone."""

import hashlib
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from logster.access import basic, hash_password, shared_secret
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer
from tests.viewer.forms import SAME_ORIGIN, token

SECRET = "open sesame, please"
ADA = hash_password("ada's secret")
MOMENT = 1_800_000_000.0

Login = Callable[[TestClient, str], int]


def by_page(client: TestClient, secret: str) -> int:
    data = {"secret": secret, "csrf_token": token(client, "/login")}
    return client.post("/login", data=data, headers=SAME_ORIGIN).status_code


def by_header(client: TestClient, password: str) -> int:
    said = "Basic " + b64encode(f"ada:{password}".encode()).decode()
    return client.get("/healthz", headers={"Authorization": said}).status_code


WAYS: list[tuple[Callable[[], Any], Login, str, int, int]] = [
    (lambda: shared_secret(SECRET), by_page, SECRET, 303, 403),
    (lambda: basic({"ada": ADA}), by_header, "ada's secret", 200, 401),
]


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: MOMENT)


@pytest.fixture
def workers(settings: Settings) -> Iterator[list[Service]]:
    """Four services over one store, as in four workers of a server."""
    services = [Service(settings) for _ in range(4)]
    yield services
    for each in services:
        each.close()


def clients(services: list[Service], authorize: Callable[[], Any], address: str = "192.0.2.1") -> list[TestClient]:
    viewers = [Viewer(authorize(), service=each) for each in services]
    return [TestClient(each, client=(address, 5000), follow_redirects=False) for each in viewers]


@pytest.mark.parametrize(("authorize", "login", "right", "good", "bad"), WAYS)
def test_four_workers_together_answer_ten_guesses_a_minute(
    workers: list[Service], authorize: Any, login: Login, right: str, good: int, bad: int
) -> None:
    visitors = clients(workers, authorize)
    answers = [login(visitors[number % 4], f"guess {number}") for number in range(16)]
    assert answers == [bad] * 10 + [429] * 6
    assert {login(each, right) for each in visitors} == {429}
    elsewhere = clients(workers, authorize, "192.0.2.2")
    assert {login(each, right) for each in elsewhere} == {good}


@pytest.mark.parametrize(("authorize", "login", "right", "good", "bad"), WAYS)
def test_who_is_right_uses_up_nothing(
    workers: list[Service], authorize: Any, login: Login, right: str, good: int, bad: int
) -> None:
    for _ in range(4):
        visitors = clients(workers, authorize)
        for each in visitors:
            assert login(each, right) == good
            each.cookies.clear()
    assert login(visitors[0], "guess") == bad


@pytest.mark.parametrize(("authorize", "login", "right", "good", "bad"), WAYS)
def test_while_redis_is_away_each_process_counts_for_itself(
    settings: Settings, tmp_path: Path, authorize: Any, login: Login, right: str, good: int, bad: int
) -> None:
    away = Service(settings.with_changes(redis_url=f"unix://{tmp_path}/nobody.sock", redis_timeout_seconds=0.2))
    [visitor] = clients([away], authorize)
    assert [login(visitor, f"guess {number}") for number in range(12)] == [bad] * 10 + [429] * 2
    assert login(visitor, right) == 429
    [other] = clients([away], authorize, "192.0.2.2")
    # Whoever is right gets in, and finds that the log cannot be read.
    assert login(other, right) in (good, 503)
    away.close()


def test_a_guess_that_is_refused_hashes_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    scrypt = hashlib.scrypt

    def counted(*arguments: Any, **options: Any) -> bytes:
        hashed.append(options["n"] * options["r"] * options["p"])
        return scrypt(*arguments, **options)

    [visitor] = clients([service], lambda: basic({"ada": ADA}))
    monkeypatch.setattr("hashlib.scrypt", counted)
    for number in range(13):
        by_header(visitor, f"guess {number}")
    assert len(hashed) == 10
    assert len(set(hashed)) == 1


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong"), ("ada", ""), ("ada", "ada's secre"), ("ada", "x" * 3_000), ("nobody", "ada's secret")],
)
def test_every_wrong_answer_is_the_same_work_and_the_same_answer(
    service: Service, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    hashed: list[tuple[int, int, int]] = []
    scrypt = hashlib.scrypt

    def counted(*arguments: Any, **options: Any) -> bytes:
        hashed.append((options["n"], options["r"], options["p"]))
        return scrypt(*arguments, **options)

    [visitor] = clients([service], lambda: basic({"ada": ADA}))
    monkeypatch.setattr("hashlib.scrypt", counted)

    def ask(name: str, password: str) -> tuple[int, str, str]:
        said = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
        answer = visitor.get("/", headers={"Authorization": said})
        return answer.status_code, answer.text, answer.headers["www-authenticate"]

    assert ask(name, password) == ask("ada", "another wrong one")
    assert len(hashed) == 2
    assert hashed[0] == hashed[1]


def test_every_secret_of_the_login_page_is_compared(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []

    class Digests:
        @staticmethod
        def compare_digest(known: bytes, given: bytes) -> bool:
            compared.append(known)
            return known == given

    authorize = shared_secret([SECRET, "the one of last year"], viewers="only for looking at")
    [visitor] = clients([service], lambda: authorize)
    # The package names the class as its module.
    monkeypatch.setattr(sys.modules["logster.access.shared_secret"], "hmac", Digests)
    counts = set()
    for given in (SECRET, "only for looking at", "guess", ""):
        compared.clear()
        by_page(visitor, given)
        counts.add(len(compared))
        visitor.cookies.clear()
    assert counts == {3}
