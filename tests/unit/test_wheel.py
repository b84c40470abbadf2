"""The wheel holds what the package needs: built, installed into an environment of its own, and used there."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import logster

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "logster"
NEEDED = {".py", ".lua", ".html", ".js", ".css", ".svg", ".typed"}

PROGRAM = """
import asyncio, importlib, logging, pkgutil, sys
import logster

for module in pkgutil.walk_packages(logster.__path__, "logster."):
    if not module.name.startswith(("logster.integrations", "logster.alerts", "logster.__main__")):
        importlib.import_module(module.name)

service_settings = logster.configure(redis_url=sys.argv[1])
logging.getLogger().addHandler(logster.LogsterHandler())
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("shop").exception("Order %d failed", 7)
assert logster.flush(20)
store = logster.RedisStore(service_settings)
(entry,) = store.page().entries
assert entry.message == "Order 7 failed", entry
store.close()

async def status():
    sent = []
    scope = {"type": "http", "method": "GET", "path": "/", "root_path": "", "query_string": b"", "headers": []}
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        sent.append(message)
    await logster.Viewer(authorize=lambda request: True)(scope, receive, send)
    assert b"Order 7 failed" in b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"]

assert asyncio.run(status()) == 200
print(logster.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be released."""
    directory = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(directory), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = directory.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with nothing but the wheel, what it asks for, and both small stores."""
    directory = tmp_path_factory.mktemp("fresh")
    venv.create(directory, with_pip=True)
    python = directory / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, f"{wheel}[cli,embedded,memory,wsgi]"], check=True, capture_output=True)
    return python


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    files = {str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*") if path.suffix in NEEDED}
    assert files - names == set()
    suffixes = {Path(name).suffix for name in files}
    assert {".lua", ".html", ".js", ".css", ".typed"} <= suffixes


def test_the_wheel_holds_nothing_but_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert tops == {"logster", f"logster_web-{logster.__version__}.dist-info"}
    assert wheel.name == f"logster_web-{logster.__version__}-py3-none-any.whl"


@pytest.mark.parametrize("kind", ["memory", "embedded"])
def test_the_installed_wheel_records_and_shows(python: Path, kind: str, tmp_path: Path) -> None:
    url = "memory://" if kind == "memory" else f"embedded:{tmp_path / 'data'}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LOGSTER_"))}
    done = subprocess.run(
        [python, "-W", "error", "-c", PROGRAM, url],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(python.parents[1])
