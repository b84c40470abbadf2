"""The documentation says what the code does: every setting, every public name, every link, every quick start."""

import logging
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import logster
from logster.settings import DEFAULTS, Settings
from logster.store.redis_store import RedisStore

ROOT = Path(__file__).parents[2]
BESIDE = [ROOT / name for name in ("README.md", "SECURITY.md", "CHANGELOG.md")]
PAGES = [*BESIDE, *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path: path.read_text() for path in PAGES}


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \|", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE)
    assert dict(rows) == {name: repr(default) for name, default in DEFAULTS.items()}


@pytest.mark.parametrize("name", [name for name in logster.__all__ if not name.startswith("_")])
def test_a_public_name_is_documented(name: str) -> None:
    text = (ROOT / "docs/python.md").read_text()
    assert re.search(rf"^### `{name}\b", text, re.MULTILINE), f"docs/python.md has no heading for {name}"


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_a_link_to_a_file_leads_somewhere(path: Path) -> None:
    pattern = r"""(?:\]\(|(?:src|srcset)=")(?!https?:|#|/)([^)"#\s]+)"""
    targets = re.findall(pattern, TEXTS[path])
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_the_index_lists_every_page() -> None:
    listed = set(re.findall(r"\]\((\w+\.md)\)", TEXTS[ROOT / "docs/index.md"]))
    assert {path.name for path in PAGES if path.parent.name == "docs"} - {"index.md"} - listed == set()


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*_app")))
def test_an_example_is_started_by_a_command_that_a_page_names(name: str) -> None:
    assert (ROOT / f"examples/{name}/main.py").is_file()
    assert [path for path, text in TEXTS.items() if f"`python examples/{name}/main.py`" in text]


def quick_starts(heading: str) -> list[str]:
    """Return the Python blocks of one section of the README."""
    section = re.search(rf"^### {re.escape(heading)}$(.*?)(?=^##)", TEXTS[ROOT / "README.md"], re.MULTILINE | re.DOTALL)
    assert section, f"the README has no section {heading!r}"
    return re.findall(r"^```python\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)


def run(code: str, settings: Settings, directory: Path, **environment: str) -> None:
    """Run a program in a process of its own that reports where `settings` point."""
    namespace = settings.namespace
    assert isinstance(namespace, str)
    where = {"LOGSTER_REDIS_URL": settings.redis_url, "LOGSTER_NAMESPACE": namespace}
    path = os.pathsep.join([str(ROOT), str(directory)])
    (directory / "program.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=directory,
        env={**os.environ, **where, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def messages(settings: Settings) -> list[tuple[str, str]]:
    """Return level and message of every entry that was written."""
    store = RedisStore(settings)
    try:
        return sorted((entry.level, entry.message) for entry in store.page().entries)
    finally:
        store.close()


GET_AS_ADMIN = """
from a2wsgi import ASGIMiddleware
from werkzeug.test import Client

client = Client({app})
assert client.get("/boom").status_code == 500
page = client.get("/logs/", environ_base={{"REMOTE_ADDR": "{address}", "REMOTE_PORT": "5000"}})
assert page.status_code == {status}, page.text
"""


def test_the_quick_start_for_any_program_works(settings: Settings, tmp_path: Path) -> None:
    (code,) = quick_starts("Any Python program")
    run(code + 'logger.error("Out of stock")\n', settings, tmp_path)
    assert messages(settings) == [("ERROR", "Out of stock")]


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("192.0.2.7", 403)])
def test_the_quick_start_for_fastapi_works(settings: Settings, tmp_path: Path, address: str, status: int) -> None:
    (code,) = quick_starts("FastAPI and Starlette")
    use = f"""
        from starlette.testclient import TestClient

        @app.get("/boom")
        def boom():
            1 / 0

        with TestClient(app, raise_server_exceptions=False, client=("{address}", 5000)) as client:
            assert client.get("/boom").status_code == 500
            page = client.get("/logs/")
            assert page.status_code == {status}, page.text
    """
    run(code + textwrap.dedent(use), settings, tmp_path)
    assert messages(settings) == [("ERROR", "ZeroDivisionError: division by zero")]


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 200), ("192.0.2.7", 403)])
def test_the_quick_start_for_flask_works(settings: Settings, tmp_path: Path, address: str, status: int) -> None:
    code, _ = quick_starts("Flask")
    boom = "\n@app.get('/boom')\ndef boom():\n    1 / 0\n"
    run(code + boom + GET_AS_ADMIN.format(app="app", address=address, status=status), settings, tmp_path)
    assert messages(settings) == [("ERROR", "ZeroDivisionError: division by zero")]


def test_authorize_reads_the_session_as_the_flask_quick_start_shows(settings: Settings, tmp_path: Path) -> None:
    code, authorize = quick_starts("Flask")
    code = code.replace("logster.loopback_only", "lambda: is_admin()")
    use = """
        app.secret_key = "secret"

        @app.get("/login")
        def login():
            flask.session["admin"] = True
            return "welcome"

        client = app.test_client()
        assert client.get("/logs/").status_code == 403
        client.get("/login")
        assert client.get("/logs/").status_code == 200
    """
    run(code + authorize + textwrap.dedent(use), settings, tmp_path)


@pytest.mark.parametrize("kind", ["ASGI", "WSGI"])
def test_the_quick_start_for_any_app_works(settings: Settings, tmp_path: Path, kind: str) -> None:
    (code,) = quick_starts("Any other WSGI or ASGI app")
    asgi = """
        import logster

        async def app(scope, receive, send):
            1 / 0
    """
    wsgi = """
        import logster
        from werkzeug.test import Client

        def app(environ, start_response):
            1 / 0
    """
    use_asgi = """
        from starlette.testclient import TestClient

        client = TestClient(app, raise_server_exceptions=False, client=("127.0.0.1", 5000))
        assert client.get("/boom").status_code == 500
        assert client.get("/logs/").status_code == 200
    """
    use_wsgi = """
        client = Client(app)
        try:
            client.get("/boom")
        except ZeroDivisionError:
            pass
        peer = {"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "5000"}
        assert client.get("/logs/", environ_base=peer).status_code == 200
    """
    before, use = (asgi, use_asgi) if kind == "ASGI" else (wsgi, use_wsgi)
    code = code if kind == "ASGI" else code.replace("LogsterMiddleware", "LogsterWSGIMiddleware")
    run(textwrap.dedent(before) + code + textwrap.dedent(use), settings, tmp_path)
    assert messages(settings) == [("ERROR", "ZeroDivisionError: division by zero")]


def test_the_quick_start_for_django_works(settings: Settings, tmp_path: Path) -> None:
    site_settings, urls = quick_starts("Django")
    site = """
        SECRET_KEY = "secret"
        ROOT_URLCONF = "urls"
        USE_TZ = True
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}}
        INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
        MIDDLEWARE = [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ]
    """
    site_urls = """
        from django.urls import include, path

        def boom(request):
            1 / 0

        urlpatterns = [path("boom", boom)]
    """
    use = """
        import django

        django.setup()

        from django.contrib.auth.models import User
        from django.core.management import call_command
        from django.test import Client

        call_command("check", fail_level="WARNING")
        call_command("migrate", verbosity=0)
        statuses = []
        for name, is_staff in (("customer", False), ("staff", True)):
            client = Client(raise_request_exception=False)
            assert client.get("/logs/").status_code == 403
            assert client.get("/logs/", headers={"Accept": "text/html"}).status_code == 302
            client.force_login(User.objects.create_user(name, is_staff=is_staff))
            statuses.append(client.get("/logs/").status_code)
        assert statuses == [403, 200]
        assert client.get("/boom").status_code == 500
    """
    (tmp_path / "site_settings.py").write_text(textwrap.dedent(site) + site_settings)
    (tmp_path / "urls.py").write_text(textwrap.dedent(site_urls) + urls)
    run(textwrap.dedent(use), settings, tmp_path, DJANGO_SETTINGS_MODULE="site_settings")
    assert messages(settings) == [("ERROR", "ZeroDivisionError: division by zero")]


def test_the_dict_config_of_the_documentation_is_understood() -> None:
    line = re.search(
        r'^ *(\{"class": "logster\.LogsterHandler".*\})$', TEXTS[ROOT / "docs/configuration.md"], re.MULTILINE
    )
    assert line
    handler = eval(line[1])
    assert getattr(logging, handler["level"])
    assert set(handler) - {"class", "level"} <= set(DEFAULTS)
