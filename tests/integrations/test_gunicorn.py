"""Real gunicorn, with the app loaded before the workers are forked, and after."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from logster.settings import Settings
from tests.integrations.processes import counts, environment

APP = """
import logging, os, time
import logster

log = logging.getLogger("app")
log.addHandler(logster.LogsterHandler())
log.error("loaded")

def app(environ, start_response):
    log.error("requested")
    time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _get(port: int) -> str:
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as response:
                return str(response.read().decode())
        except OSError:
            assert time.monotonic() < deadline, "gunicorn did not come up"
            time.sleep(0.05)


@contextmanager
def _serving(settings: Settings, directory: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    (directory / "shop.py").write_text(APP)
    port = _free_port()
    command = ["gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level=warning", *options, "shop:app"]
    variables = environment(settings, PYTHONDONTWRITEBYTECODE="1")
    variables["PYTHONPATH"] += os.pathsep + str(directory)
    server = subprocess.Popen([sys.executable, "-m", *command], env=variables, cwd=directory)
    try:
        yield server, port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


@pytest.mark.parametrize(("options", "loaded"), [(["--preload"], 1), ([], 3)], ids=["preload", "no preload"])
def test_each_report_is_counted_once(settings: Settings, tmp_path: Path, options: list[str], loaded: int) -> None:
    with _serving(settings, tmp_path, "--workers=3", *options) as (_, port):
        answers = [_get(port)]
        with ThreadPoolExecutor(8) as browsers:
            while len(set(answers)) < 3:
                answers += browsers.map(_get, [port] * 8)

    assert counts(settings) == {"loaded": loaded, "requested": len(answers)}


def test_workers_that_end_for_their_number_of_requests_write_before(settings: Settings, tmp_path: Path) -> None:
    with _serving(settings, tmp_path, "--workers=2", "--max-requests=5") as (_, port):
        answers = [_get(port) for _ in range(40)]

    found = counts(settings)
    assert found["requested"] == 40
    assert found["loaded"] >= len(set(answers)) > 4


def test_workers_that_are_replaced_by_a_reload_write_before(settings: Settings, tmp_path: Path) -> None:
    with _serving(settings, tmp_path, "--workers=2") as (server, port):
        before = [_get(port) for _ in range(20)]
        server.send_signal(signal.SIGHUP)
        after = [_get(port) for _ in range(20)]
        deadline = time.monotonic() + 20
        while set(after[-5:]) & set(before):
            assert time.monotonic() < deadline, "the workers were not replaced"
            after.append(_get(port))

    assert counts(settings)["requested"] == len(before) + len(after)
