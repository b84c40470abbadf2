"""Redis goes away in the middle of it, and every occurrence is counted once all the same."""

import itertools
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from logster.service import Service
from logster.settings import Settings
from logster.store import connection
from tests.integrations.persistent import Server
from tests.integrations.processes import counts
from tests.unit.captured import Log


@pytest.fixture
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = Server(directory)
        yield server
        server.stop()


@pytest.fixture
def log(server: Server) -> Iterator[Log]:
    settings = Settings(
        redis_url=server.url, flush_interval_seconds=0.01, redis_timeout_seconds=0.5, namespace="outage"
    )
    log = Log(service=Service(settings))
    yield log
    log.service.close()


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
        redis_url=server.url,
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
