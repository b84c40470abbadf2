"""The examples behind a real nginx at a path prefix, as docs/proxies.md has it, in the servers that people use."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

import httpx2
import pytest

from logster.entry import Env
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.container.packages import install
from tests.container.proxies import answers, free_ports, running
from tests.integrations.processes import ROOT
from tests.integrations.servers import EXAMPLES, GRANIAN, GUNICORN, PASSWORD, UVICORN, Servers, until

CLIENT = "127.0.0.2"
FORGED = "203.0.113.9"

PROXY_FIX = """
from main import app
from werkzeug.middleware.proxy_fix import ProxyFix

app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_prefix=1)
"""
DOCUMENTATION = (ROOT / "docs/proxies.md").read_text()
(WORKER,) = re.findall(r"```python\n(.*?)```", DOCUMENTATION, re.DOTALL)


@dataclass(frozen=True)
class Stack:
    """An example, its server, and how they are told of the prefix.

    `keeps` says whether the prefix is left in the path; `told` is a module around the example.
    """

    example: str
    server: list[str]
    app: str = "main:app"
    keeps: bool = False
    told: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def charge(self) -> str:
        return "orders/7/charge/" if self.example == "django" else "charge"

    @property
    def is_asgi(self) -> bool:
        return "wsgi" not in f"{self.app} {self.server}" and self.example not in ("flask", "wsgi")


SCRIPT_NAME = {"SCRIPT_NAME": "/shop"}
STACKS = {
    "django gunicorn preload": Stack("django", [*GUNICORN, "--preload"], "shop.wsgi", True, variables=SCRIPT_NAME),
    "django uvicorn": Stack("django", [*UVICORN, "--root-path=/shop"], "shop.asgi:application"),
    "flask gunicorn": Stack("flask", GUNICORN, "told:app", told=PROXY_FIX),
    "flask granian": Stack("flask", [*GRANIAN, "--interface=wsgi", "--url-path-prefix=/shop"], keeps=True),
    "fastapi uvicorn workers": Stack("fastapi", [*UVICORN, "--workers=2", "--root-path=/shop"]),
    "fastapi gunicorn": Stack("fastapi", [*GUNICORN, "--worker-class=told.Worker"], told=WORKER),
    "starlette granian": Stack("starlette", [*GRANIAN, "--interface=asgi", "--url-path-prefix=/shop"], keeps=True),
    "wsgi gunicorn": Stack("wsgi", GUNICORN, keeps=True, variables=SCRIPT_NAME),
    "asgi uvicorn": Stack("asgi", [*UVICORN, "--root-path=/shop"]),
}


class Shop:
    """An example behind nginx, which stands at `url`."""

    def __init__(self, stack: Stack, front: str, settings: Settings) -> None:
        self.stack = stack
        self.front = front
        self.url = f"{front}/shop/"
        self._settings = settings

    def browser(self) -> httpx2.Client:
        """Return a browser of somebody who is not signed in, and who lies about the own address."""
        headers = {"Accept": "text/html", "Origin": self.front, "X-Forwarded-For": FORGED}
        transport = httpx2.HTTPTransport(local_address=CLIENT)
        return httpx2.Client(base_url=self.url, headers=headers, transport=transport, follow_redirects=True)

    def sign_in(self, browser: httpx2.Client) -> None:
        """Go to the log, be led to the login, and go in there."""
        if self.stack.example in ("fastapi", "wsgi", "asgi"):
            assert browser.get("logs/").status_code == 401
            browser.auth = ("admin", PASSWORD)
            return
        login = browser.get("logs/")
        assert (login.status_code, login.url.copy_with(query=None)) == (200, login.url.join("/shop" + self._login()))
        hidden = dict(re.findall(r'name="(\w+)" value="(.*?)"', login.text))
        name = {"username": "staff", "password": PASSWORD} if self.stack.example == "django" else {"name": "admin"}
        assert browser.post(login.url, data=hidden | name).status_code == 200

    def _login(self) -> str:
        return "/login/" if self.stack.example == "django" else "/login"

    def key(self, message: str) -> str:
        """Return an entry's key as soon as it is there."""
        with self._store() as store:
            return str(until(lambda: next((each.key for each in store.page().entries if each.message == message), "")))

    def env(self, message: str) -> Env:
        """Return what surrounded the first one of an entry."""
        key = self.key(message)
        with self._store() as store:
            return store.env_samples(key)[-1]

    def is_protected(self, key: str) -> bool:
        with self._store() as store:
            entry = store.entry(key)
            return entry is not None and entry.has("protected")

    @contextmanager
    def _store(self) -> Iterator[RedisStore]:
        store = RedisStore(self._settings)
        try:
            yield store
        finally:
            store.close()


@contextmanager
def nginx(port: int, upstream: str, keeps: bool) -> Iterator[None]:
    """Run nginx before an app with the lines of the documentation."""
    install("nginx")
    (location,) = re.findall(r"```nginx\n(.*?)```", DOCUMENTATION, re.DOTALL)
    assert "http://127.0.0.1:8000/;" in location
    location = location.replace("http://127.0.0.1:8000/;", f"{upstream}{'' if keeps else '/'};")
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        Path(name).chmod(0o755)  # its workers have another user
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {name}/{kind};\n" for kind in kinds)
        config = Path(name) / "nginx.conf"
        config.write_text(
            f"daemon off; pid {name}/pid; error_log stderr error; events {{}}\n"
            f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port};\n{location}\n}} }}\n"
        )
        with running(["nginx", "-c", str(config)], lambda: answers(port)):
            yield


@contextmanager
def shop_of(stack: Stack, settings: Settings, directory: Path, **variables: str) -> Iterator[Shop]:
    (directory / "told.py").write_text(stack.told)
    servers = Servers(settings, directory)
    variables |= stack.variables
    if stack.example == "django":
        shop = {"SHOP_DATABASE": str(directory / "shop.sqlite3"), "SHOP_DEBUG": "0"}
        variables |= shop | {"DJANGO_SETTINGS_MODULE": "shop.settings"}
        prepare = [sys.executable, str(EXAMPLES / "django_app/main.py"), "--version"]
        env = servers.environment("django", **shop)
        subprocess.run(prepare, env=env, check=True, capture_output=True, timeout=60)
    path = "/shop/" if stack.keeps else "/"
    try:
        upstream = servers.start(stack.example, stack.server, app=stack.app, path=path, **variables)
        (port,) = free_ports(1)
        with nginx(port, upstream, stack.keeps):
            yield Shop(stack, f"http://127.0.0.1:{port}", settings)
    finally:
        servers.end()


@pytest.fixture(params=STACKS)
def shop(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Shop]:
    with shop_of(STACKS[request.param], settings, tmp_path, LOGSTER_TRUSTED_HOPS="1") as shop:
        yield shop


def test_an_app_and_its_log_behind_nginx_at_a_prefix(shop: Shop) -> None:
    with shop.browser() as nobody, shop.browser() as admin:
        link = check_report(shop, nobody)
        check_beacon(shop, nobody)
        shop.sign_in(admin)
        check_pages(shop, admin, link)
        check_live(shop, admin, nobody)
        check_change(shop, nobody, admin, link)


def check_report(shop: Shop, nobody: httpx2.Client) -> str:
    """What fails is reported as the visitor saw it; return the permalink that the error page shows."""
    failed = nobody.get(shop.stack.charge)
    assert failed.status_code == 500
    env = shop.env("ValueError: The bank said no")
    assert (env["path"], env["url"]) == (f"/shop/{shop.stack.charge}", f"{shop.url}{shop.stack.charge}")
    assert env["client_address"] == CLIENT
    link = f"/shop/logs/show/{shop.key('ValueError: The bank said no')}"
    if shop.stack.example not in ("wsgi", "asgi"):  # these two leave the error page to the server
        assert f'href="{link}"' in failed.text
    return link


def check_beacon(shop: Shop, nobody: httpx2.Client) -> None:
    """The page's script comes from the log, and reports arrive beside it, from pages of this site alone."""
    page = nobody.get("")
    source = re.search(r'src="([^"]+/logster\.js)"', page.text)
    assert source
    script = nobody.get(urljoin(str(page.url), source[1]))
    assert "report_js_error" in script.text
    to, report = urljoin(str(script.url), "report_js_error"), {"message": "cart is undefined"}
    assert nobody.post(to, json=report, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert nobody.post(to, json=report).status_code == 204
    assert shop.env("cart is undefined")["client_address"] == CLIENT


def check_pages(shop: Shop, admin: httpx2.Client, link: str) -> None:
    """The list, what it is made of, and an entry."""
    page = admin.get("logs")
    assert (page.status_code, str(page.url)) == (200, f"{shop.url}logs/")
    assert "The bank said no" in page.text
    assets = set(re.findall(r'(?:href|src)="([^"]*static/[^"]+)"', page.text))
    assert {each.split("?")[0].rpartition(".")[2] for each in assets} >= {"css", "js"}
    for each in assets:
        answer = admin.get(urljoin(str(page.url), each))
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] != "text/html"
    shown = re.search(rf'href="([^"]*{link.rpartition("/")[2]}[^"]*)"', page.text)
    assert shown
    for url in (urljoin(str(page.url), shown[1].replace("&amp;", "&")), shop.front + link):
        entry = admin.get(url)
        assert entry.status_code == 200
        assert "The bank said no" in entry.text


def check_live(shop: Shop, admin: httpx2.Client, nobody: httpx2.Client) -> None:
    """What is new comes through nginx while the stream is open; where there is none the page is told so."""
    if not shop.stack.is_asgi:
        assert admin.get("logs/api/events").status_code == 204
        return
    with admin.stream("GET", "logs/api/events", timeout=30) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.iter_lines()
        assert next(lines).startswith("retry:")
        assert nobody.get(shop.stack.charge).status_code == 500
        assert next(line for line in lines if line.startswith("data:"))


def check_change(shop: Shop, nobody: httpx2.Client, admin: httpx2.Client, link: str) -> None:
    """A change is made from the log's own pages, by whom the app lets in, and by nobody else."""
    key = link.rpartition("/")[2]
    token = re.search(r'name="csrf-token" content="(.+?)"', admin.get(shop.front + link).text)
    assert token
    to, headers = f"logs/api/entries/{key}/protect", {"X-CSRF-Token": token[1]}
    assert nobody.post(to, headers=headers, follow_redirects=False).status_code in (302, 303, 401, 403)
    assert admin.post(to, headers=headers | {"Origin": "https://elsewhere.example"}).status_code == 403
    assert not shop.is_protected(key)
    assert admin.post(to, headers=headers).status_code == 200
    assert shop.is_protected(key)


@pytest.mark.parametrize("name", ["django gunicorn preload", "flask granian", "starlette granian"])
def test_an_address_in_a_header_is_not_believed_of_anybody(name: str, settings: Settings, tmp_path: Path) -> None:
    with shop_of(STACKS[name], settings, tmp_path) as shop, shop.browser() as nobody:
        assert nobody.get(shop.stack.charge).status_code == 500
        assert shop.env("ValueError: The bank said no")["client_address"] == "127.0.0.1"
