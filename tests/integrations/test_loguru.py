"""loguru's messages arrive with what is bound as env and their template."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loguru import logger

import logster
from logster.entry import Entry
from logster.integrations.loguru import LogsterSink
from logster.service import Service

Recorded = Callable[[], list[Entry]]


@pytest.fixture(autouse=True)
def sink(service: Service) -> Iterator[None]:
    logger.remove()
    logger.add(LogsterSink(service=service), level="WARNING", catch=False)
    yield
    logger.remove()


def env_of(entry: Entry) -> dict[str, Any]:
    assert entry.env
    return entry.env[0]


def test_what_is_bound_is_env_and_the_message_has_its_template(recorded: Recorded) -> None:
    with logger.contextualize(tenant="acme"), logster.bind(user=5):
        for order in (7, 8):
            logger.bind(order=order).error("Order {} failed for {name}", order, name="joe")
    (entry,) = recorded()
    assert (entry.message, entry.template, entry.count) == ("Order 8 failed for joe", "Order {} failed for {name}", 2)
    assert (entry.level, entry.logger) == ("ERROR", __name__)
    env = env_of(entry)
    assert (env["tenant"], env["user"], env["order"], env["name"]) == ("acme", 5, 8, "joe")
    assert entry.location
    assert entry.location.function == "test_what_is_bound_is_env_and_the_message_has_its_template"


def test_a_message_without_arguments_is_its_own_template(recorded: Recorded) -> None:
    logger.warning("Stock is {low}")
    (entry,) = recorded()
    assert (entry.message, entry.template) == ("Stock is {low}", "Stock is {low}")


def test_secrets_that_are_bound_are_masked(recorded: Recorded) -> None:
    logger.bind(password="hunter2").error("Cannot sign in")
    (entry,) = recorded()
    assert env_of(entry)["password"] == "[redacted]"


@pytest.mark.parametrize("name", ["SUCCESS", "TRACE", "NOTICE"])
def test_levels_that_logging_does_not_know_are_kept(service: Service, recorded: Recorded, name: str) -> None:
    numbers = {"SUCCESS": 25, "TRACE": 5, "NOTICE": 35}
    if name == "NOTICE":
        logger.level("NOTICE", no=35)
    logger.remove()
    logger.add(LogsterSink(service=service), level=0, catch=False)
    logger.log(name, "m")
    assert {entry.level_number for entry in recorded()} == {numbers[name]}


def test_an_exception_arrives_as_one(recorded: Recorded) -> None:
    try:
        raise ValueError("no such order")
    except ValueError:
        logger.exception("Order {} failed", 7)
    (entry,) = recorded()
    assert (entry.message, entry.exception_type) == ("Order 7 failed", "ValueError")
    assert entry.exception
    assert entry.exception.frames[-1].function == "test_an_exception_arrives_as_one"


def test_what_catch_catches_arrives_once(recorded: Recorded) -> None:
    @logger.catch
    def fail() -> None:
        raise ValueError("no such order")

    fail()
    (entry,) = recorded()
    assert (entry.exception_type, entry.count) == ("ValueError", 1)


def test_the_thread_that_logged_is_named_even_where_another_writes(service: Service, recorded: Recorded) -> None:
    logger.remove()
    logger.add(LogsterSink(service=service), enqueue=True, catch=False)
    thread = threading.Thread(target=lambda: logger.critical("m"), name="billing")
    thread.start()
    thread.join()
    logger.complete()
    (entry,) = recorded()
    assert env_of(entry)["thread"] == "billing"


def test_a_message_that_is_none_of_logurus_hurts_nobody(service: Service, recorded: Recorded) -> None:
    LogsterSink(service=service)("text")
    assert recorded() == []
