"""structlog's events arrive with what is bound as env and the event as template, on both of its ways."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

import logster
from logster.capture.uncaught import capture_exception
from logster.entry import Entry
from logster.integrations.structlog import LogsterProcessor
from logster.service import Service

Recorded = Callable[[], list[Entry]]


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


class Nowhere:
    """The end of the way of an event that is not to be printed."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def _say(self, **event: Any) -> None:
        self.said.append(event)

    debug = info = warning = error = critical = exception = fatal = err = msg = _say


@pytest.fixture
def log(service: Service) -> Any:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            LogsterProcessor(service=service),
            structlog.processors.format_exc_info,
        ],
        logger_factory=lambda *_: Nowhere(),
    )
    return structlog.get_logger()


def env_of(entry: Entry) -> dict[str, Any]:
    assert entry.env
    return entry.env[0]


def test_what_is_bound_is_env_and_the_event_the_template(log: Any, recorded: Recorded) -> None:
    structlog.contextvars.bind_contextvars(tenant="acme")
    with logster.bind(user=5):
        log.bind(order=7).error("order_failed", total=12.5, password="hunter2")
    (entry,) = recorded()
    assert (entry.message, entry.template, entry.level, entry.logger) == (
        "order_failed",
        "order_failed",
        "ERROR",
        __name__,
    )
    env = env_of(entry)
    assert {name: env[name] for name in ("tenant", "user", "order", "total", "password")} == {
        "tenant": "acme",
        "user": 5,
        "order": 7,
        "total": 12.5,
        "password": "[redacted]",
    }
    assert not {"event", "level", "exc_info"} & set(env)
    assert entry.location
    assert entry.location.function == "test_what_is_bound_is_env_and_the_event_the_template"


def test_equal_events_are_one_entry_whatever_is_bound(log: Any, recorded: Recorded) -> None:
    for order in range(3):
        log.error("order_failed", order=order)
    (entry,) = recorded()
    assert entry.count == 3
    assert entry.env
    assert sorted(env["order"] for env in entry.env) == [0, 1, 2]


def test_an_event_whose_call_cannot_be_read_is_its_template(log: Any, recorded: Recorded) -> None:
    asyncio.run(log.awarning("order_failed", order=1))
    (entry,) = recorded()
    assert (entry.message, entry.template, entry.level) == ("order_failed", "order_failed", "WARNING")
    assert env_of(entry)["order"] == 1


def test_what_is_below_the_level_is_handed_on_only(log: Any, recorded: Recorded) -> None:
    log.info("order_placed", order=1)
    log.msg("order_placed")
    assert recorded() == []


def test_the_event_goes_on_as_it_was(service: Service) -> None:
    event = {"event": "order_failed", "order": 1, "exc_info": False}
    assert LogsterProcessor(service=service)(Nowhere(), "error", event) is event
    assert event == {"event": "order_failed", "order": 1, "exc_info": False}


@pytest.mark.parametrize("how", ["exception", "exc_info", "instance"])
def test_an_exception_arrives_as_one(log: Any, recorded: Recorded, how: str) -> None:
    try:
        raise ValueError("no such order")
    except ValueError as error:
        if how == "exception":
            log.exception("order_failed", order=7)
        else:
            log.error("order_failed", order=7, exc_info=True if how == "exc_info" else error)
    (entry,) = recorded()
    assert (entry.message, entry.exception_type, env_of(entry)["order"]) == ("order_failed", "ValueError", 7)


def test_an_exception_that_was_logged_is_not_captured_again(log: Any, service: Service, recorded: Recorded) -> None:
    try:
        raise ValueError("no such order")
    except ValueError as error:
        log.exception("order_failed")
        capture_exception(error, service=service)
    (entry,) = recorded()
    assert entry.count == 1


@pytest.fixture
def standard(service: Service) -> Iterator[logging.Logger]:
    kind = logging.getLoggerClass()
    # structlog's loggers find the caller past structlog, so its factory comes before the logger.
    logger = structlog.stdlib.LoggerFactory()("test_structlog")
    handler = logster.LogsterHandler("WARNING", service=service)
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)
    logging.setLoggerClass(kind)


@pytest.mark.parametrize(
    "last", [structlog.stdlib.ProcessorFormatter.wrap_for_formatter, structlog.stdlib.render_to_log_kwargs]
)
@pytest.mark.parametrize("has_processor", [False, True])
def test_through_logging_the_handler_takes_it_once(
    service: Service, standard: logging.Logger, recorded: Recorded, last: Any, has_processor: bool
) -> None:
    processor = [LogsterProcessor(service=service)] if has_processor else []
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *processor,
            last,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    log = structlog.get_logger(standard.name)
    try:
        raise ValueError("no such order")
    except ValueError:
        log.bind(order=7).exception("order_failed", total=12.5)
    log.info("order_placed")
    (entry,) = recorded()
    assert (entry.message, entry.template, entry.logger, entry.count) == (
        "order_failed",
        "order_failed",
        standard.name,
        1,
    )
    assert entry.exception_type == "ValueError"
    env = env_of(entry)
    assert (env["order"], env["total"]) == (7, 12.5)
    assert not {"_logger", "_name", "event"} & set(env)


def test_a_traceback_that_is_text_already_is_kept(standard: logging.Logger, recorded: Recorded) -> None:
    standard.error({"event": "order_failed", "exception": "Traceback …\nValueError: no"})
    (entry,) = recorded()
    assert entry.message == "order_failed"
    assert entry.traceback == "Traceback …\nValueError: no"


def test_a_dict_that_is_no_event_is_a_message_as_ever(standard: logging.Logger, recorded: Recorded) -> None:
    standard.error({"order": 7})
    (entry,) = recorded()
    assert entry.message == "{'order': 7}"
