"""Patterns on the whole way from a logging call: every occurrence is asked, and counted exactly."""

import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator

import pytest

from logster.capture.captured import mark_record
from logster.capture.context import bind, request_context
from logster.capture.handler import LogsterHandler
from logster.capture.javascript import JavaScriptSnapshot
from logster.delivery.observers import subscribe
from logster.patterns import Rule
from logster.service import Service
from logster.settings import Settings
from tests.integrations.servers import until

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


def storm(logger: logging.Logger, *args: object) -> None:
    """Report from one place, before and after the pattern's verdict on it is known."""
    for _ in range(50):
        logger.error("noise %s", *args)


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands for others does so for as long as a test takes."""
    monkeypatch.setattr("logster.delivery.coalescer._STANDS_SECONDS", 3_600.0)


def test_what_is_like_what_was_kept_out_before_is_counted_exactly(make: Make, lasting: None) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "noise")
    for _ in range(4):
        storm(logger, 1)
        service.worker.flush(20)
    assert list(service.worker.standing) == ["noise %s"]
    assert hits(service) == {"/noise/": 200}
    assert service.worker.tally(service.settings.current_namespace())["suppressed"] == 200


def test_several_threads_are_counted_exactly_while_what_stands_for_them_comes_and_goes(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("logster.delivery.coalescer._STANDS_SECONDS", 0.0)
    service, logger = make(queue_size=100_000, flush_interval_seconds=0.01)
    service.store.add_pattern("suppression", "noise")
    storm(logger, 1)
    threads = [threading.Thread(target=lambda: [storm(logger, 1) for _ in range(20)]) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert hits(service) == {"/noise/": 50 + 4 * 20 * 50}


def test_what_was_counted_is_written_before_the_worker_ends(make: Make, lasting: None) -> None:
    service, logger = make(flush_interval_seconds=30)
    service.store.add_pattern("suppression", "noise")
    storm(logger, 1)
    service.worker.flush(20)
    storm(logger, 1)
    assert service.worker.close(20)
    assert not service.worker.standing
    assert hits(service) == {"/noise/": 100}


def test_what_was_counted_stands_for_nothing_itself(make: Make) -> None:
    service, logger = make(flush_interval_seconds=0.05)
    service.store.add_pattern("suppression", "noise")
    storm(logger, 1)
    service.worker.flush(20)
    storm(logger, 1)
    until(lambda: not service.worker.standing)
    assert hits(service) == {"/noise/": 100}


def test_what_is_counted_is_written_although_nothing_else_is_reported(make: Make, lasting: None) -> None:
    service, logger = make(flush_interval_seconds=0.05)
    service.store.add_pattern("suppression", "noise")
    storm(logger, 1)
    service.worker.flush(20)
    storm(logger, 1)
    until(lambda: service.store.patterns("suppression")[0].count == 100)


@pytest.mark.parametrize("other", [(True,), (1.0,), ("2",)])
def test_arguments_that_are_only_equal_are_not_taken_for_the_same(make: Make, other: tuple[object, ...]) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "/noise 1$/")
    storm(logger, 1)
    service.worker.flush(20)
    storm(logger, *other)
    assert stored(service) == {f"noise {other[0]}": 50}
    assert hits(service) == {"/noise 1$/": 50}


def test_what_else_a_record_carries_is_not_lost_on_its_like(make: Make, lasting: None) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "/^noise$/")

    def report(**given: object) -> None:
        logger.error("noise", **given)  # type: ignore[arg-type]

    report()
    service.worker.flush(20)
    assert list(service.worker.standing) == ["noise"]
    report(extra={"count": 5})
    logger.addFilter(lambda record: mark_record(record) or True)
    report()  # is reported by whoever marked it
    logger.filters.clear()
    report()
    assert hits(service) == {"/^noise$/": 7}
    assert stored(service) == {}


def test_an_exception_with_the_message_of_what_is_kept_out_is_asked_itself(make: Make) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "/^noise$/")
    for error in (None, None, ValueError("no noise")):
        logger.error("noise", exc_info=error)
        service.worker.flush(20)
    # The subject has the exception's text after the message.
    assert sum(stored(service).values()) == 1
    assert hits(service) == {"/^noise$/": 2}


def test_a_removed_pattern_keeps_nothing_out_any_more(make: Make, lasting: None) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "noise")
    storm(logger, 1)
    service.worker.flush(20)
    assert service.worker.standing
    service.store.remove_pattern("suppression", "noise")
    storm(logger, 1)
    assert stored(service) == {"noise 1": 50}
    assert not service.worker.standing
    storm(logger, 1)
    assert stored(service) == {"noise 1": 100}


def test_a_subscriber_hears_of_each_with_its_own_env(make: Make, lasting: None) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "noise")
    storm(logger, 1)
    service.worker.flush(20)
    heard: list[object] = []
    registration = subscribe(lambda occurrence: heard.append(occurrence.env.get("n")))
    try:
        for number in range(4):
            with bind(n=number):
                storm(logger, 1)
            service.worker.flush(20)
    finally:
        registration.cancel()
    # The first may still stand for others: nobody had asked when it was taken, and it is heard of once for all of them.
    assert heard[-150:] == [1] * 50 + [2] * 50 + [3] * 50


def test_the_request_knows_what_stands_for_its_error(make: Make, lasting: None) -> None:
    service, logger = make()
    service.store.add_pattern("suppression", "noise")
    storm(logger, 1)
    service.worker.flush(20)
    with request_context(dict) as request:
        storm(logger, 1)
    assert request.captured is service.worker.standing["noise %s"].snapshot
