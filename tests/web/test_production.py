"""The website under the real gunicorn with several workers, behind a unix socket as behind a proxy."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.web.conftest import BROWSER
from web import sandbox
from web.startup import not_meant
from web.visitors import COOKIE

ROOT = Path(__file__).parents[2]
WORKER = "uvicorn_worker.UvicornWorker"


class Connection(http.client.HTTPConnection):
    """HTTP through a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("logster.example", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


class Running:
    """A website in processes of its own."""

    def __init__(self, directory: Path, redis_url: str, **variables: str) -> None:
        self.socket = directory / "site.sock"
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "LOGSTER_REDIS_URL": redis_url, **variables}
        # A long collection shows what is written at the end only.
        environment["LOGSTER_FLUSH_INTERVAL_SECONDS"] = "60"
        command = [
            sys.executable,
            "-W",
            "error",
            "-m",
            "gunicorn",
            "--preload",
            "--workers=2",
            "--bind",
            f"unix:{self.socket}",
        ]
        self.process = subprocess.Popen(
            [*command, f"--worker-class={WORKER}", "--no-control-socket", "web.production:app"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
    ) -> tuple[int, http.client.HTTPMessage, str]:
        with closing(Connection(self.socket)) as connection:
            connection.request(method, path, body, BROWSER | (headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                assert self.ask("GET", "/healthz")[0] == 200
            except OSError:
                assert self.process.poll() is None, self.process.communicate()
                assert time.monotonic() < deadline, "gunicorn did not come up"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=30)
        return errors


@pytest.fixture
def url(redis_url: str) -> Iterator[str]:
    """An empty database."""
    url = f"{redis_url}?db=8"
    client = redis.Redis.from_url(url)
    client.flushdb()
    yield url
    client.close()


def test_what_workers_still_hold_is_written_when_they_end(url: str, tmp_path: Path) -> None:
    site = Running(tmp_path, url)
    try:
        site.wait()
        _, headers, _ = site.ask("GET", "/demo")
        cookie = re.search(rf"{COOKIE}=([\w-]+)", headers["set-cookie"])[1]
        asked = {"Cookie": f"{COOKIE}={cookie}", "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
        for _ in range(6):
            assert site.ask("POST", "/demo/query?show=log", asked)[0] == 303
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        for _ in range(6):
            assert site.ask("POST", "/logs/report_js_error", asked | form, "message=late")[0] == 204
    finally:
        errors = site.stop()
    assert site.process.returncode == 0, errors
    assert "Traceback" not in errors
    store = RedisStore(Settings(redis_url=url), sandbox.namespace_of(cookie))
    entries = store.page().entries
    assert [entry.count for entry in entries if entry.message == "late"] == [6]
    [caused] = [entry for entry in entries if entry.logger == "logster.asgi"]
    assert caused.count == 6
    env = store.env_samples(caused.key)[0]
    assert env["client_address"] == "203.0.113.7"
    assert env["url"].startswith("https://logster.example/demo/query")
    store.close()


def test_a_wrong_option_is_said_so_at_the_start(url: str, tmp_path: Path) -> None:
    site = Running(tmp_path, url, SITE_SANDBOXES="many")
    _, errors = site.process.communicate(timeout=30)
    assert site.process.returncode != 0
    assert "SITE_SANDBOXES is 'many'; allowed is a whole number above zero." in errors


def test_data_of_a_newer_logster_is_left_alone(url: str, tmp_path: Path) -> None:
    redis.Redis.from_url(url).set("{logster:site}:schema", 99)
    site = Running(tmp_path, url)
    _, errors = site.process.communicate(timeout=30)
    assert site.process.returncode != 0
    assert "written by a newer Logster" in errors


def test_loading_the_app_connects_to_nothing_and_starts_nothing() -> None:
    program = "import threading, web.production; print(threading.active_count())"
    environment = {"PATH": os.environ["PATH"], "LOGSTER_REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "1\n"
    assert done.stderr == ""


def test_only_errors_that_visitors_cause_on_purpose_are_kept_from_the_server_s_log() -> None:
    import logging

    from web.faults import failing_query

    def record(happen: object) -> logging.LogRecord:
        try:
            happen()  # type: ignore[operator]
        except Exception:
            return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "failed", None, sys.exc_info())
        raise AssertionError

    assert not not_meant(record(failing_query))
    assert not_meant(record(lambda: 1 / 0))
    assert not_meant(logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "started", None, None))
