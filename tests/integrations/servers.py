"""Starts the examples in the servers that people run them in, each on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from logster.settings import Settings
from tests.integrations.processes import ROOT, environment

EXAMPLES = ROOT / "examples"
PASSWORD = "a password of the test's own"

GUNICORN = ["-m", "gunicorn", "--workers=2", "--bind={address}", "{app}"]
UVICORN = ["-m", "uvicorn", "--host=127.0.0.1", "--port={port}", "{app}"]
GRANIAN = ["-m", "granian", "--host=127.0.0.1", "--port={port}", "--workers=2", "{app}"]
OWN = ["{directory}/main.py"]


class Servers:
    """Servers that report to where `settings` say, and end together.

    Arguments:
        settings: where to.
        directory: an empty one, in which they run, and from which they import before the example.
    """

    def __init__(self, settings: Settings, directory: Path) -> None:
        self._settings = settings
        self._directory = directory
        self._started: list[subprocess.Popen[bytes]] = []

    def environment(self, name: str, **variables: str) -> dict[str, str]:
        """Return the variables with which an example runs."""
        own = {
            "LOGSTER_FLUSH_INTERVAL_SECONDS": "0.05",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(self._directory), str(EXAMPLES / f"{name}_app")]),
            "HOME": str(self._directory),
            "SHOP_PASSWORD": PASSWORD,
        }
        return environment(self._settings) | own | variables

    def start(self, name: str, server: list[str], *, app: str = "main:app", path: str = "/", **variables: str) -> str:
        """Start an example, wait until it answers at `path`, and return its URL.

        Arguments:
            name: of the example.
            server: Python's arguments.
            app: where the server finds the app.
            path: that of a page.
            variables: of the environment, over the usual ones.
        """
        port = free_port()
        options = {"address": f"127.0.0.1:{port}", "port": port, "directory": EXAMPLES / f"{name}_app", "app": app}
        env = self.environment(name, **({"PORT": str(port)} | variables))
        command = [sys.executable, *(each.format(**options) for each in server)]
        process = subprocess.Popen(command, env=env, cwd=self._directory, start_new_session=True)
        self._started.append(process)
        url = f"http://127.0.0.1:{port}"

        def is_up() -> bool:
            assert process.poll() is None
            try:
                return httpx2.get(f"{url}{path}").status_code < 500
            except httpx2.HTTPError:
                return False

        until(is_up)
        return url

    def end(self) -> None:
        """End all of them."""
        for each in self._started:
            os.killpg(each.pid, signal.SIGTERM)
            try:
                each.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(each.pid, signal.SIGKILL)
                each.wait()
                # It waits for ever for a worker that was still starting when it was to end.
                if "granian" not in each.args:  # type: ignore[operator]
                    raise


def until(result: Callable[[], Any]) -> Any:
    """Return a result as soon as it is truthy."""
    deadline = time.monotonic() + 60
    while not (found := result()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
