"""`logster serve`: the pages for this machine, and for nobody else without a password."""

import re
import signal
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from http.client import HTTPResponse
from pathlib import Path

import pytest

from logster.access import hash_password
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended, Running
from tests.store.reports import report

HASH = hash_password("long enough")

Run = Callable[..., Ended]
Start = Callable[..., Running]


def address_of(server: Running) -> str:
    found = re.search(r"http://\S+", server.line())
    assert found
    return found[0]


def get(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer: HTTPResponse
        with opener.open(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def test_this_machine_sees_the_log(start: Start, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, message="Out of stock")])
    server = start("serve", "--port", "0")
    url = address_of(server)
    assert url.startswith("http://127.0.0.1:")
    status, page = get(url)
    assert (status, "Out of stock" in page) == (200, True)
    server.process.send_signal(signal.SIGINT)
    done = server.ended()
    assert (done.code, done.err) == (130, "")


def test_a_foreign_name_for_this_machine_is_refused(start: Start) -> None:
    """Otherwise any page in the browser could read the log by letting its own name lead to 127.0.0.1."""
    url = address_of(start("serve", "--port", "0"))
    assert get(url, Host="evil.example")[0] == 403
    assert get(url, Host="localhost:1")[0] == 200
    assert get(url, X_Forwarded_For="192.0.2.1")[0] == 200
    assert get(url, Host="evil.example", X_Forwarded_For="127.0.0.1", X_Forwarded_Host="localhost")[0] == 403


def test_no_browser_reports_here(start: Start) -> None:
    url = address_of(start("serve", "--port", "0"))
    request = urllib.request.Request(f"{url}report_js_error", b"message=x", {"Origin": url.rstrip("/")})
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request, timeout=20):
        pass
    with refused.value as answer:
        assert (answer.code, "switched off" in answer.read().decode()) == (403, True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_another_address_needs_a_password(run: Run, host: str) -> None:
    done = run("serve", "--port", "0", "--host", host)
    assert (done.code, done.out) == (2, "")
    assert "--password-file" in done.err


def test_the_password_opens_the_log(start: Start, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("größe und mehr\n")
    url = address_of(start("serve", "--port", "0", "--password-file", str(tmp_path / "password")))
    assert get(url)[0] == 401
    assert get(url, Authorization=basic("eva", "größe"))[0] == 401
    assert get(url, Authorization="Basic ???")[0] == 401
    assert get(url, Authorization="Bearer größe".encode().decode("latin-1"))[0] == 401
    assert get(url, Authorization=basic("eva", "größe und mehr"), Host="log.example")[0] == 200


def test_the_password_may_come_from_a_variable(start: Start) -> None:
    url = address_of(start("serve", "--port", "0", LOGSTER_SERVE_PASSWORD="long enough"))
    assert get(url)[0] == 401
    assert get(url, Authorization=basic("", "long enough"))[0] == 200


def test_users_come_from_a_file_and_some_may_only_look(start: Start, tmp_path: Path) -> None:
    made = hash_password("größe: und mehr")
    (tmp_path / "users").write_text(f"# who may\n\neva:{made}\nbob:{made}:view\n")
    url = address_of(start("serve", "--port", "0", "--users-file", str(tmp_path / "users")))
    assert get(url)[0] == 401
    assert get(url, Authorization=basic("eva", "größe"))[0] == 401
    assert get(url, Authorization=basic("ada", "größe: und mehr"))[0] == 401
    for name, status in (("eva", 200), ("bob", 403)):
        given = basic(name, "größe: und mehr")
        assert get(url, Authorization=given)[0] == 200
        assert get(f"{url}clear", Authorization=given)[0] == status


@pytest.mark.parametrize("line", ["eva:secret", "eva", "", f"eva:{HASH}:root", f"eva:{HASH}\neva:{HASH}"])
def test_a_file_without_users_is_wrong_use(run: Run, tmp_path: Path, line: str) -> None:
    (tmp_path / "users").write_text(line)
    done = run("serve", "--port", "0", "--users-file", str(tmp_path / "users"))
    assert (done.code, done.out) == (2, "")
    assert "secret" not in done.err


def test_a_function_of_ones_own_decides(start: Start, tmp_path: Path) -> None:
    (tmp_path / "doors.py").write_text("def ask(request):\n    return request.headers.get('x-key') == 'yes'\n")
    url = address_of(start("serve", "--port", "0", "--authorize", "doors:ask", PYTHONPATH=f"{tmp_path}:{Path.cwd()}"))
    assert get(url)[0] == 403
    assert get(url, X_Key="yes")[0] == 200


@pytest.mark.parametrize(
    "arguments",
    [["--authorize", "nowhere:ask"], ["--authorize", "os:nothing"], ["--authorize", "os:name"], ["--authorize", ""]],
)
def test_a_function_that_is_none_is_wrong_use(run: Run, arguments: list[str]) -> None:
    done = run("serve", "--host", "0.0.0.0", "--port", "0", *arguments)
    assert (done.code, done.out) == (2, "")


def test_a_short_password_is_refused(run: Run) -> None:
    done = run("serve", "--port", "0", LOGSTER_SERVE_PASSWORD="short")
    assert (done.code, "too short" in done.err) == (2, True)


def test_a_port_in_use_is_named(start: Start, run: Run) -> None:
    port = address_of(start("serve", "--port", "0")).rstrip("/").rpartition(":")[2]
    done = run("serve", "--port", port)
    assert (done.code, f"127.0.0.1:{port}" in done.err) == (2, True)


def test_without_redis_nothing_is_served(run: Run) -> None:
    assert run("serve", "--port", "0", LOGSTER_REDIS_URL="redis://127.0.0.1:1").code == 3
