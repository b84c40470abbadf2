"""The examples of web apps, each in the servers that people run it in, over HTTP; and the programs that only log."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from logster.entry import Entry
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.integrations.processes import run_file
from tests.integrations.servers import EXAMPLES, GRANIAN, GUNICORN, OWN, PASSWORD, UVICORN, Servers, until

SERVERS: dict[str, tuple[str, list[str]]] = {
    "flask": ("flask", OWN),
    "flask gunicorn": ("flask", GUNICORN),
    "flask gunicorn preload": ("flask", [*GUNICORN, "--preload"]),
    "flask granian": ("flask", [*GRANIAN, "--interface=wsgi"]),
    "fastapi": ("fastapi", OWN),
    "fastapi uvicorn workers": ("fastapi", [*UVICORN, "--workers=2"]),
    "fastapi gunicorn": ("fastapi", [*GUNICORN, "--worker-class=uvicorn_worker.UvicornWorker"]),
    "fastapi granian": ("fastapi", [*GRANIAN, "--interface=asgi"]),
    "starlette": ("starlette", OWN),
    "starlette granian": ("starlette", [*GRANIAN, "--interface=asgi"]),
    "wsgi": ("wsgi", OWN),
    "asgi": ("asgi", OWN),
}
# Where the log asks for a name and a password instead of the shop's login.
BASIC = ("fastapi", "wsgi", "asgi")
# How each server says where an app stands, and whether requests arrive with that path or, as behind a proxy, without.
PREFIXES: dict[str, tuple[str, list[str], dict[str, str], str]] = {
    "flask gunicorn": ("flask", GUNICORN, {"SCRIPT_NAME": "/pre"}, "/pre"),
    "flask granian": ("flask", [*GRANIAN, "--interface=wsgi", "--url-path-prefix=/pre"], {}, "/pre"),
    "starlette uvicorn": ("starlette", [*UVICORN, "--root-path=/pre"], {}, ""),
}


class Site:
    """A running shop."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self._settings = settings

    def browser(self, **options: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, headers={"Accept": "text/html", "Origin": self.url}, **options)

    def entry(self, count: int) -> Entry:
        """Return the one entry as soon as it was written so often."""
        store = RedisStore(self._settings)
        try:
            return until(lambda: next((each for each in store.page().entries if each.count >= count), None))  # type: ignore[no-any-return]
        finally:
            store.close()

    def env(self, entry: Entry) -> dict[str, Any]:
        store = RedisStore(self._settings)
        try:
            return store.env_samples(entry.key)[0]
        finally:
            store.close()


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Return a function that starts an example in a server."""
    servers = Servers(settings, tmp_path)

    def run(name: str, server: list[str], variables: dict[str, str] | None = None, prefix: str = "") -> Site:
        return Site(servers.start(name, server, path=f"{prefix}/", **(variables or {})), settings)

    yield run
    servers.end()


@pytest.mark.parametrize("name", SERVERS)
def test_an_example_reports_once_and_shows_its_log_to_the_admin(start: Callable[..., Site], name: str) -> None:
    example, server = SERVERS[name]
    site = start(example, server)
    with site.browser() as nobody, site.browser() as admin:
        assert [charge(nobody) for _ in range(3)] == [500] * 3
        entry = site.entry(3)
        assert (entry.message, entry.exception_type, entry.count) == ("ValueError: The bank said no", "ValueError", 3)
        assert site.env(entry)["path"] == "/charge"
        check_who_gets_in(example, nobody, admin)
        assert "The bank said no" in admin.get(f"/logs/show/{entry.key}").text
        assert "report_js_error" in nobody.get("/logs/logster.js").text


def charge(browser: httpx2.Client, prefix: str = "") -> int:
    # Servers may close a connection after an error without saying so.
    return browser.get(f"{prefix}/charge", headers={"Connection": "close"}).status_code


def check_who_gets_in(example: str, nobody: httpx2.Client, admin: httpx2.Client, prefix: str = "") -> None:
    refused = nobody.get(f"{prefix}/logs/")
    if example in BASIC:
        assert refused.status_code == 401
        admin.auth = ("admin", PASSWORD)
    else:
        assert refused.status_code in (302, 303)
        assert refused.headers["location"].endswith("/login")
        nobody.post(f"{prefix}/login", data={"name": "bob"})
        assert nobody.get(f"{prefix}/logs/").status_code == 403
        admin.post(f"{prefix}/login", data={"name": "admin"})
    assert admin.get(f"{prefix}/logs/").status_code == 200


@pytest.mark.parametrize("name", PREFIXES)
def test_an_example_stands_behind_a_prefix(start: Callable[..., Site], name: str) -> None:
    example, server, variables, sent = PREFIXES[name]
    site = start(example, server, variables, sent)
    with site.browser() as nobody, site.browser() as admin:
        assert charge(nobody, sent) == 500
        entry = site.entry(1)
        assert site.env(entry)["path"] == "/pre/charge"
        check_who_gets_in(example, nobody, admin, sent)
        assert "The bank said no" in admin.get(f"{sent}/logs/").text


@pytest.mark.parametrize("example", ["flask", "starlette"])
def test_an_error_of_a_user_says_who(start: Callable[..., Site], example: str) -> None:
    site = start(example, OWN)
    with site.browser() as browser:
        browser.post("/login", data={"name": "ada"})
        browser.get("/charge")
    assert site.env(site.entry(1))["user_id"] == "ada"


@pytest.mark.parametrize(
    ("name", "late"), [("structlog", "The parcel is late"), ("loguru", "The parcel is {} days late")]
)
def test_a_program_that_only_logs_reports_what_it_bound(settings: Settings, name: str, late: str) -> None:
    program = run_file(settings, EXAMPLES / f"{name}_app/main.py")
    assert program.returncode == 0, program.stderr
    store = RedisStore(settings)
    try:
        found = {each.template: each for each in store.page().entries}
        assert set(found) == {late, "The charge failed"}
        assert found[late].count == 2
        assert sorted(env["order"] for env in store.env_samples(found[late].key)) == [7, 8]
        failed = store.entry(found["The charge failed"].key)
        assert failed
        assert (failed.exception_type, failed.level) == ("ValueError", "ERROR")
        assert store.env_samples(failed.key)[0]["order"] == 9
    finally:
        store.close()
    assert "The bank said no" in program.stdout + program.stderr
