"""One error is one report, whoever meets it first."""

from collections.abc import Iterator

import pytest

from logster.capture.uncaught import capture_exception
from tests.unit.captured import Log


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.close()


def raise_and_catch(message: str = "no") -> Exception:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_an_uncaught_exception_is_an_error_named_by_itself(log: Log) -> None:
    assert capture_exception(raise_and_catch(), logger="asgi", service=log.service)

    assert (log.only.message, log.only.logger, log.only.level) == ("ValueError: no", "asgi", 40)
    assert log.only.location
    assert log.only.location.function == "raise_and_catch"


def test_it_is_captured_once(log: Log) -> None:
    error = raise_and_catch()

    assert capture_exception(error, service=log.service)
    assert not capture_exception(error, service=log.service)
    assert len(log.reports) == 1


def test_what_was_logged_before_is_not_captured_again(log: Log) -> None:
    error = raise_and_catch()
    log.logger.error("handled", exc_info=error)

    assert not capture_exception(error, service=log.service)
    assert log.only.message == "handled"


def test_what_the_server_logs_after_the_middleware_is_not_reported_again(log: Log) -> None:
    error = raise_and_catch()
    capture_exception(error, service=log.service)
    log.logger.error("Exception in ASGI application", exc_info=error)

    assert log.only.message == "ValueError: no"


def test_an_app_may_log_the_same_exception_twice(log: Log) -> None:
    error = raise_and_catch()
    log.logger.error("first", exc_info=error)
    log.logger.warning("second", exc_info=error)

    assert sum(each.count for each in log.reports) == 2


def test_an_equal_exception_is_another_one(log: Log) -> None:
    assert capture_exception(raise_and_catch(), service=log.service)
    assert capture_exception(raise_and_catch(), service=log.service)

    assert sum(each.count for each in log.reports) == 2


def test_an_exception_that_takes_no_mark_is_captured_all_the_same(log: Log) -> None:
    class Sealed(Exception):
        @property
        def __dict__(self) -> object:  # type: ignore[override]
            raise TypeError

    assert capture_exception(Sealed("x"), service=log.service)
    assert log.only.exception
