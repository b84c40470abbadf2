"""Patterns on the whole way from a logging call: every occurrence is asked, and counted exactly."""

import logging
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

from logster.capture.handler import LogsterHandler
from logster.capture.javascript import JavaScriptSnapshot
from logster.patterns import Rule
from logster.service import Service
from logster.settings import Settings

Make = Callable[..., tuple[Service, logging.Logger]]


@pytest.fixture
def make(settings: Settings) -> Iterator[Make]:
    services = []

    def make(**changes: object) -> tuple[Service, logging.Logger]:
        service = Service(settings.with_changes(**changes))
        services.append(service)
        logger = logging.Logger("app")
        logger.addHandler(LogsterHandler(service=service))
        return service, logger

    yield make
    for service in services:
        service.close()


def stored(service: Service) -> dict[str, int]:
    assert service.worker.flush(20)
    return {entry.message: entry.count for entry in service.store.page().entries}


def hits(service: Service) -> dict[str, int]:
    assert service.worker.flush(20)
    return {each.pattern: each.count for each in service.store.patterns("suppression")}


def test_occurrences_of_one_template_are_asked_one_by_one(make: Make) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", r"/order \d*7 /i")
    for number in range(1_000):
        logger.error("Order %s failed", number)
    assert stored(service) == {"Order 999 failed": 900}
    assert hits(service) == {r"/order \d*7 /i": 100}
    assert service.store.page().entries[0].first_message == "Order 0 failed"


def test_thousands_a_second_are_counted_exactly(make: Make) -> None:
    service, logger = make(queue_size=100_000)
    service.store.add_pattern("suppression", "noise")
    for number in range(20_000):
        logger.error("noise %s", number % 7)
    assert hits(service) == {"/noise/": 20_000}
    assert stored(service) == {}


def test_rules_look_at_message_exception_and_env(make: Make) -> None:
    rules = ["broken PIPE", Rule(message="slow", env={"path": "/health"}), {"agent": "bot"}]
    service, logger = make(ignore=rules)
    logger.error("a broken pipe again")
    logger.error("x", exc_info=OSError("broken pipe"))
    for path in ("/health", "/orders", "/health"):
        logger.error("slow", extra={"env": {"path": path}})
    logger.error("slow", extra={"env": {"agent": "Robot"}})
    service.worker.submit(JavaScriptSnapshot("broken pipe", namespace=str(service.settings.namespace)))
    assert stored(service) == {"slow": 1}
    assert hits(service) == {"broken PIPE": 3, "slow, path: /health": 2, "agent: bot": 1}


def test_a_pattern_sees_what_is_stored_and_no_secret(make: Make) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "hunter2")
    logger.error("password=hunter2")
    assert list(stored(service)) == ["password=[redacted]"]


@pytest.mark.parametrize("synchronous", [False, True])
def test_a_change_by_another_process_holds_from_then_on(make: Make, synchronous: bool) -> None:
    service, logger = make(synchronous=synchronous)
    logger.error("first")
    assert stored(service) == {"first": 1}
    program = f"""
        from logster.settings import Settings
        from logster.store.redis_store import RedisStore

        settings = Settings(redis_url={service.settings.redis_url!r}, namespace={service.settings.namespace!r})
        RedisStore(settings).add_pattern("suppression", "first|second")
        RedisStore(settings).add_pattern("grouping", "third|fourth")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=30)
    for message in ("first", "second", "third", "fourth"):
        logger.error(message)
    assert stored(service) == {"fourth": 2, "first": 1}
    assert hits(service) == {"/first|second/": 2}


def test_what_is_kept_out_takes_no_room_from_what_is_not(make: Make) -> None:
    service, logger = make(max_pending_entries=10, flush_interval_seconds=30)
    service.store.add_pattern("suppression", "noise")
    for number in range(100):
        logger.error("noise", extra={"fingerprint": str(number)})
    logger.error("news")
    assert stored(service) == {"news": 1}
    assert hits(service) == {"/noise/": 100}
    assert service.worker.stats["dropped"] == 0
