"""What was logged below the level comes with what is reported after it, in the same request or context only."""

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

import logster
from logster.capture import context
from logster.capture.context import request_context
from logster.capture.uncaught import capture_exception
from tests.unit.captured import Log


def log_with(number: int, level: int = logging.WARNING, **settings: Any) -> Log:
    log = Log(breadcrumbs=number, **settings)
    log.handler.setLevel(level)
    return log


@pytest.fixture
def log() -> Iterator[Log]:
    log = log_with(3)
    yield log
    log.close()


@pytest.fixture(autouse=True)
def no_trail() -> None:
    """Begin with nothing of what the tests before left: they all run in one context."""
    context._trail.set(())


def trails(log: Log) -> list[list[str]]:
    envs = [env for report in log.reports for _, env in report.envs]
    return [[each["message"] for each in env.get("breadcrumbs", [])] for env in envs]


def test_the_last_records_below_the_level_come_with_what_is_reported(log: Log) -> None:
    for number in range(5):
        log.logger.info("step %d", number)
    log.logger.debug("last")
    log.logger.error("failed")
    assert trails(log) == [["step 3", "step 4", "last"]]
    crumb = log.only.env["breadcrumbs"][-1]
    assert (crumb["level"], crumb["logger"]) == ("DEBUG", "app")
    assert crumb["time"] <= log.only.timestamp_ms


def test_a_record_below_the_level_is_not_reported(log: Log) -> None:
    log.logger.info("step")
    assert log.reports == []


def test_there_are_none_unless_they_are_asked_for() -> None:
    log = log_with(0)
    log.logger.info("step")
    log.logger.error("failed")
    assert log.handler.level == logging.WARNING
    assert "breadcrumbs" not in log.only.env
    log.close()


def test_what_is_reported_is_no_breadcrumb(log: Log) -> None:
    log.logger.warning("reported")
    log.logger.error("failed")
    assert trails(log) == [[], []]


def test_an_overridden_level_decides_what_is_reported(log: Log) -> None:
    with logster.override_level("INFO"):
        log.logger.debug("step")
        log.logger.info("reported")
    assert trails(log) == [["step"]]


def test_each_request_has_its_own_whatever_thread_or_task_left_them(log: Log) -> None:
    def request(number: int) -> None:
        with request_context(dict):
            with ThreadPoolExecutor() as pool:
                pool.submit(contextvars.copy_context().run, log.logger.info, f"thread {number}").result()

            async def task() -> None:
                log.logger.info(f"task {number}")

            async def tasks() -> None:
                await asyncio.gather(task(), task())

            asyncio.run(tasks())
            capture_exception(ValueError(number), service=log.service, message=f"failed {number}")

    log.logger.info("before")
    threads = [threading.Thread(target=request, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(trails(log)) == [[f"thread {n}", f"task {n}", f"task {n}"] for n in range(2)]


def test_a_task_inherits_what_came_before_and_keeps_its_own_to_itself(log: Log) -> None:
    async def task(number: int) -> None:
        log.logger.info(f"task {number}")
        await asyncio.sleep(0)
        log.logger.error(f"failed {number}")

    async def main() -> None:
        log.logger.info("before")
        await asyncio.gather(task(1), task(2))

    asyncio.run(main())
    assert sorted(trails(log)) == [["before", "task 1"], ["before", "task 2"]]


class Changing:
    def __init__(self) -> None:
        self.value = 1

    def __str__(self) -> str:
        return str(self.value)


def test_a_breadcrumb_says_what_was_so_at_its_time(log: Log) -> None:
    value, items = Changing(), ["beans"]
    log.logger.info("value %s of %s", value, items)
    value.value = 2
    items.append("rice")
    log.logger.error("failed")
    assert trails(log) == [["value 1 of ['beans']"]]


def test_breadcrumbs_are_masked(log: Log) -> None:
    log.logger.info("password=%s", "hunter2")
    log.logger.info("to https://joe:hunter2@shop.example/")
    log.logger.error("failed")
    assert "hunter2" not in msgspec.json.encode(log.only.env).decode()


def test_breadcrumbs_are_bounded() -> None:
    log = log_with(100, max_env_bytes=5_000)
    for _ in range(200):
        log.logger.info("x" * 100_000)
        log.logger.info("%s", "y" * 100_000)
    log.logger.error("failed")
    found = log.only.env["breadcrumbs"]
    assert 0 < len(msgspec.json.encode(found)) <= 2_600
    assert all(len(each["message"]) < 350 for each in found)
    log.close()


@pytest.mark.parametrize(
    "leave",
    [
        lambda logger: logger.info("%d", "no number"),
        lambda logger: logger.info(None),
        lambda logger: logger.info({"event": "order_placed", "order": 7}),
        lambda logger: logger.info("\ud800"),
        lambda logger: logger.handle(logging.makeLogRecord({"levelno": 20, "name": None, "msg": "m", "args": {}})),
    ],
)
def test_odd_records_hurt_nobody(log: Log, leave: Callable[[logging.Logger], None]) -> None:
    leave(log.logger)
    log.logger.error("failed")
    ((text,),) = trails(log)
    assert text


def test_what_logster_says_below_the_level_is_not_said_on_standard_error(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = logging.Logger("logster.anything")
    logger.addHandler(log.handler)
    logger.debug("internal")
    assert capsys.readouterr().err == ""
