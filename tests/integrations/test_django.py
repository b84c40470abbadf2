"""The Django app of examples/ in real servers: who gets in, what is reported, and what the log does there."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from logster.entry import Entry
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.integrations.processes import ROOT, environment

EXAMPLE = ROOT / "examples/django_app"
PASSWORD = "correct horse"

GUNICORN = ["-m", "gunicorn", "--workers=2", "--bind={address}", "--log-level=warning", "shop.wsgi"]
UVICORN = ["-m", "uvicorn", "--host={host}", "--port={port}", "--log-level=warning", "shop.asgi:application"]
SERVERS = {
    "gunicorn": GUNICORN,
    "gunicorn preload": [*GUNICORN, "--preload"],
    "uvicorn": UVICORN,
    "runserver": [str(EXAMPLE / "main.py"), "{address}"],
}


class Site:
    """A server that runs, and what it reported."""

    def __init__(self, address: str, settings: Settings) -> None:
        self.address = f"http://{address}"
        self._settings = settings

    def browser(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.address, headers={"Accept": "text/html", "Origin": self.address})

    @contextmanager
    def browser_of(self, user: str, prefix: str = "", sent: str = "") -> Iterator[httpx2.Client]:
        """Yield a browser in which a user signed in at the page to which the log leads.

        `prefix` is what a browser sees before each path, `sent` what is left of it when it arrives.
        """
        with self.browser() as browser:
            answer = browser.get(f"{sent}/logs/")
            login = f"{prefix}/login/?next={prefix}/logs/"
            assert (answer.status_code, answer.headers["location"]) == (302, login)
            token = re.search(
                r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(sent + login.removeprefix(prefix)).text
            )
            assert token
            fields = {"username": user, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
            answer = browser.post(sent + login.removeprefix(prefix), data=fields)
            assert (answer.status_code, answer.headers["location"]) == (302, f"{prefix}/logs/")
            yield browser

    def entries(self) -> dict[str, Entry]:
        """Return the entries that were written, by message."""
        store = RedisStore(self._settings)
        try:
            found = [store.entry(each.key) for each in store.page(limit=1_000).entries]
            return {
                entry.message: msgspec.structs.replace(entry, env=store.env_samples(entry.key))
                for entry in found
                if entry
            }
        finally:
            store.close()

    def entry(self, message: str, count: int = 1) -> Entry:
        """Return an entry as soon as it was written so often."""
        return until(lambda: (entry := self.entries().get(message)) and entry.count >= count and entry)


def until(result: Callable[[], Any]) -> Any:
    """Return a result as soon as it is truthy."""
    deadline = time.monotonic() + 60
    while not (found := result()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Return a function that starts the shop in one of the servers."""
    started: list[subprocess.Popen[bytes]] = []

    def run(server: list[str], prefix: str = "", **variables: str) -> Site:
        port = free_port()
        address = f"127.0.0.1:{port}"
        options = {"address": address, "host": "127.0.0.1", "port": port}
        path = os.pathsep.join([str(ROOT), str(EXAMPLE), str(tmp_path)])
        defaults = {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "LOGSTER_FLUSH_INTERVAL_SECONDS": "0.05",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SHOP_DATABASE": str(tmp_path / "shop.sqlite3"),
            "SHOP_DEBUG": "0",
            "SHOP_PASSWORD": PASSWORD,
        }
        env = environment(settings) | defaults | {"PYTHONPATH": path, "HOME": str(tmp_path)} | variables
        if server is not SERVERS["runserver"]:
            prepare = [sys.executable, str(EXAMPLE / "main.py"), "--version"]
            subprocess.run(prepare, env=env, check=True, capture_output=True, timeout=60)
        command = [sys.executable, *(each.format(**options) for each in server)]
        started.append(subprocess.Popen(command, env=env, cwd=tmp_path, start_new_session=True))
        site = Site(address, settings)

        def is_up() -> bool:
            assert started[-1].poll() is None
            try:
                return httpx2.get(f"{site.address}{prefix}/").status_code == 200
            except httpx2.HTTPError:
                return False

        until(is_up)
        return site

    yield run
    for process in started:
        # Django's reloader runs the server in a process of its own.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(30)


@pytest.mark.parametrize("name", SERVERS)
def test_the_example_reports_and_shows_its_log_to_the_staff(name: str, start: Callable[..., Site]) -> None:
    site = start(SERVERS[name])

    with site.browser() as anybody:
        assert anybody.get("/orders/7/charge/?card_token=tok-4711&page=2").status_code == 500
        assert anybody.get("/orders/7/label/").status_code == 500
        assert anybody.get("/orders/7/").status_code == 200
        assert anybody.get("/logs/").status_code == 302
        assert anybody.get("/logs/api/entries", headers={"Accept": "application/json"}).status_code == 403
        assert anybody.post("/logs/api/clear").status_code == 403
        assert anybody.get("/logs/static/nothing.css").status_code == 404
        assert '<script src="/logs/logster.js"></script>' in anybody.get("/").text
        assert "report_js_error" in anybody.get("/logs/logster.js").text
        assert anybody.post("/logs/report_js_error", json={"message": "cart is undefined"}).status_code == 204

    charged = site.entry("ValueError: The bank said no")
    assert charged.env[0]["path"] == "/orders/7/charge/"
    assert charged.env[0]["parameters"] == {"card_token": "[redacted]", "page": "2"}
    assert charged.env[0]["client_address"] == "127.0.0.1"
    assert "user_id" not in charged.env[0]
    assert site.entry("OSError: The printer is out of paper").env[0]["method"] == "GET"
    assert site.entry("cart is undefined")
    assert "user_id" not in site.entry("The parcel is late").env[0]

    with site.browser_of("staff") as staff:
        page = staff.get("/logs/")
        assert page.status_code == 200
        assert "The bank said no" in page.text
        assert "The shop&#39;s log" in page.text
        assert staff.get("/orders/7/").text == "Order 7 of staff\n"
        assert site.entry("The parcel is late", 2).env[0]["user_id"] == "1"
        detail = staff.get(f"/logs/show/{charged.key}")
        assert 'raise ValueError("The bank said no")' in re.sub("<.*?>", "", detail.text).replace("&#34;", '"')
        token = re.search(r'name="csrf_token" value="(.+?)"', detail.text)
        assert token
        assert staff.post(f"/logs/api/entries/{charged.key}/protect").status_code == 403
        answer = staff.post(f"/logs/api/entries/{charged.key}/protect", headers={"X-CSRF-Token": token[1]})
        assert answer.status_code < 400, answer.text
        assert site.entry("ValueError: The bank said no").has("protected")

    with site.browser_of("customer") as customer:
        page = customer.get("/logs/")
        assert page.status_code == 403
        assert "The bank said no" not in page.text
        assert customer.get("/logs/api/entries").status_code == 403

    reported = {message: entry.count for message, entry in site.entries().items()}
    assert reported == {
        "ValueError: The bank said no": 1,
        "OSError: The printer is out of paper": 1,
        "The parcel is late": 2,
        "cart is undefined": 1,
    }


@pytest.mark.parametrize("name", ["gunicorn", "uvicorn", "forced"])
def test_the_log_stands_behind_a_prefix(name: str, start: Callable[..., Site], tmp_path: Path) -> None:
    """The server is told of it, and gets paths with it; or Django is told, and the proxy strips it."""
    (tmp_path / "forced.py").write_text('from shop.settings import *\n\nFORCE_SCRIPT_NAME = "/shop"\n')
    if name == "gunicorn":
        site = start(GUNICORN, "/shop", SCRIPT_NAME="/shop")
    elif name == "uvicorn":
        site = start([*UVICORN, "--root-path=/shop"])
    else:
        site = start(GUNICORN, DJANGO_SETTINGS_MODULE="forced")
    sent = "/shop" if name == "gunicorn" else ""

    with site.browser_of("staff", "/shop", sent) as staff:
        assert staff.get(f"{sent}/orders/7/charge/").status_code == 500
        failed = site.entry("ValueError: The bank said no")
        assert failed.env[0]["path"] == "/shop/orders/7/charge/"
        assert failed.env[0]["url"] == f"{site.address}/shop/orders/7/charge/"
        page = staff.get(f"{sent}/logs/")
        assert "The bank said no" in page.text
        # All links of the log are relative.
        assert 'href="/shop/logs' not in page.text
        assert staff.get(f"{sent}/logs/show/{failed.key}").status_code == 200
        assert '<script src="/shop/logs/logster.js"></script>' in staff.get(f"{sent}/").text


def test_entries_arrive_live_under_asgi_alone(start: Callable[..., Site]) -> None:
    sites = {name: start(SERVERS[name]) for name in ("uvicorn", "gunicorn")}
    with sites["gunicorn"].browser_of("staff") as staff:
        assert staff.get("/logs/api/events").status_code == 204
    with sites["uvicorn"].browser_of("staff") as staff, sites["uvicorn"].browser() as anybody:
        with staff.stream("GET", "/logs/api/events") as events:
            assert events.headers["content-type"].startswith("text/event-stream")
            lines = events.iter_lines()
            assert next(lines).startswith("retry:")
            assert anybody.get("/orders/7/charge/").status_code == 500
            assert next(line for line in lines if line.startswith("data:"))
        assert staff.get("/logs/").status_code == 200
