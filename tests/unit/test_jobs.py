"""What a report says about a job, and that following one hurts nobody."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from logster import service as services
from logster.capture.context import bind, current_env
from logster.integrations import jobs
from logster.integrations.jobs import Job
from tests.unit.captured import Log


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    log = Log()
    monkeypatch.setattr(services, "_service", log.service)
    yield log
    log.close()


def job(**values: Any) -> Job:
    return Job(**{"system": "celery", "task": "shop.charge", "id": "1", "queue": "slow", "arguments": {}, **values})


def caught() -> ValueError:
    try:
        raise ValueError("no")
    except ValueError as error:
        return error


def charge(order: int, password: str, *more: int, **options: int) -> None:
    """Stand for a job."""


def test_arguments_have_the_names_of_the_parameters() -> None:
    found = jobs.named_arguments(charge, (7, "hunter2", 8), {"speed": 9})

    assert found == {"order": 7, "password": "hunter2", "more": (8,), "options": {"speed": 9}}


@pytest.mark.parametrize("function", [charge, None, 7, dict])
def test_arguments_that_fit_no_parameters_are_there_all_the_same(function: Any) -> None:
    found = jobs.named_arguments(function, (7,), {"order": 8})

    assert found == {"args": [7], "kwargs": {"order": 8}}


def test_a_failed_job_is_an_error_and_a_retried_one_a_warning(log: Log) -> None:
    jobs.report(job(), None, is_retried=True)
    jobs.report(job(), caught(), is_retried=False)

    found = [(each.latest.level, each.latest.message, each.latest.logger) for each in log.reports]
    assert found == [
        (logging.WARNING, "Job shop.charge will be tried again", "celery"),
        (logging.ERROR, "Job shop.charge failed", "celery"),
    ]
    assert log.reports[0].latest.env["job"]["queue"] == "slow"


LARGE: dict[str, Any] = {
    "long": "x" * 1_000_000,
    "many": list(range(100_000)),
    "deep": [[[[[[[["x" * 1_000]]]]]]]] * 100,
    "wide": {str(number): "x" * 1_000 for number in range(10_000)},
}


@pytest.mark.parametrize("name", LARGE)
def test_large_arguments_are_cut_and_leave_the_rest_as_it_is(log: Log, name: str) -> None:
    jobs.report(job(arguments={"order": 7, name: LARGE[name]}), caught(), is_retried=False)

    found = log.only.env["job"]
    assert (found["task"], found["id"], found["arguments"]["order"]) == ("shop.charge", "1", 7)
    assert found["arguments"][name] != LARGE[name]
    assert len(repr(found)) < 6_000


def test_secret_arguments_are_redacted_also_where_others_are_cut(log: Log) -> None:
    arguments = {"password": "hunter2", "nested": [{"api_key": "hunter2"}], "long": "x" * 1_000_000}
    jobs.report(job(arguments=arguments), caught(), is_retried=False)

    assert log.only.env["job"]["arguments"]["password"] == "[redacted]"
    assert "hunter2" not in repr(log.only.env)


def test_an_error_is_reported_once(log: Log) -> None:
    error = caught()
    jobs.report(job(), error, is_retried=False)
    jobs.report(job(), error, is_retried=False)
    log.logger.error("The queue says so too", exc_info=error)

    assert log.only.message == "Job shop.charge failed"


def test_what_a_job_binds_ends_with_it(log: Log) -> None:
    with bind(outer=1):
        jobs.start(job(id="outer"))
        bind(user_id=7)
        jobs.start(job(id="inner"))
        assert current_env()["job"]["id"] == "inner"
        jobs.end()
        assert (current_env()["job"]["id"], current_env()["user_id"]) == ("outer", 7)
        jobs.end()
        assert current_env() == {"outer": 1}
        jobs.end()
        assert current_env() == {"outer": 1}


def test_arguments_are_shown_as_they_were_when_the_job_began(log: Log) -> None:
    order = {"items": ["book"]}
    jobs.start(job(arguments={"order": order}))
    order["items"].clear()
    jobs.report(job(arguments={"order": order}), caught(), is_retried=False)
    jobs.end()

    assert log.only.env["job"]["arguments"] == {"order": {"items": ["book"]}}


def test_what_goes_wrong_is_said_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(jobs, "complain", said.append)

    @jobs.harmless
    def follow() -> None:
        raise LookupError("inside")

    follow()

    assert said == ["a job could not be followed: LookupError"]


class Unreadable:
    def __repr__(self) -> str:
        raise RuntimeError("not to be shown")


def test_arguments_that_cannot_be_shown_hurt_nobody(log: Log) -> None:
    jobs.start(job(arguments={"order": Unreadable()}))
    jobs.report(job(), caught(), is_retried=False)
    jobs.end()

    assert "raised RuntimeError" in log.only.env["job"]["arguments"]["order"]


def test_a_record_that_is_reported_elsewhere_is_left_to_other_handlers(log: Log) -> None:
    heard: list[str] = []
    other = logging.Handler()
    other.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("queues.own")
    logger.addHandler(other)
    logger.addHandler(log.handler)
    for _ in range(2):
        jobs.leave_out(logger.name, "Task failed")
    try:
        logger.error("Task failed: %s", 7)
        logger.error("Something else")
        logger.error(ValueError("Task failed"))
    finally:
        logger.removeHandler(other)
        logger.removeHandler(log.handler)

    assert heard == ["Task failed: 7", "Something else", "Task failed"]
    assert [each.message for each in log.occurrences] == ["Something else", "Task failed"]
    assert len(logger.filters) == 1
