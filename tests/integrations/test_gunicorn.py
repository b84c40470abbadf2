"""Real gunicorn, with the app loaded before the workers are forked, and after."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
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


@pytest.mark.parametrize(("options", "loaded"), [(["--preload"], 1), ([], 3)], ids=["preload", "no preload"])
def test_each_report_is_counted_once(settings: Settings, tmp_path: Path, options: list[str], loaded: int) -> None:
    (tmp_path / "shop.py").write_text(APP)
    port = _free_port()
    command = ["gunicorn", "--workers=3", "--bind", f"127.0.0.1:{port}", "--log-level=warning", *options, "shop:app"]
    variables = environment(settings, PYTHONDONTWRITEBYTECODE="1")
    variables["PYTHONPATH"] += os.pathsep + str(tmp_path)
    server = subprocess.Popen([sys.executable, "-m", *command], env=variables, cwd=tmp_path)
    try:
        answers = [_get(port)]
        with ThreadPoolExecutor(8) as browsers:
            while len(set(answers)) < 3:
                answers += browsers.map(_get, [port] * 8)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)

    assert counts(settings) == {"loaded": loaded, "requested": len(answers)}
