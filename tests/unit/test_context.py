"""What is bound is right in every task and thread, and gone where it ends."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import logster
from logster.capture.context import add_to_env, bind, current_env, request_context
from logster.capture.uncaught import capture_exception
from tests.unit.captured import Log


def bound() -> dict[str, object]:
    return current_env()


def test_a_call_holds_until_the_context_ends() -> None:
    def run() -> dict[str, object]:
        bind(user=1)
        bind(order=2)
        return bound()

    assert contextvars.copy_context().run(run) == {"user": 1, "order": 2}
    assert bound() == {}


def test_a_context_manager_holds_inside_only() -> None:
    with bind(user=1):
        with bind(user=2, order=3):
            assert bound() == {"user": 2, "order": 3}
        assert bound() == {"user": 1}
    assert bound() == {}


def test_a_decorator_holds_in_each_call() -> None:
    @bind(job="nightly")
    def job(depth: int) -> dict[str, object]:
        """Do it."""
        return job(depth - 1) if depth else bound()

    assert bound() == {}
    assert job(3) == {"job": "nightly"}
    assert bound() == {}
    assert job.__doc__ == "Do it."


def test_a_decorator_holds_in_coroutines() -> None:
    @bind(job="nightly")
    async def job() -> dict[str, object]:
        await asyncio.sleep(0)
        return bound()

    async def main() -> None:
        assert await asyncio.gather(job(), job()) == [{"job": "nightly"}] * 2
        assert bound() == {}

    asyncio.run(main())


def test_tasks_do_not_see_each_other() -> None:
    async def task(number: int) -> object:
        bind(number=number)
        await asyncio.sleep(0)
        return bound()["number"]

    async def main() -> list[object]:
        return list(await asyncio.gather(*map(task, range(20))))

    assert asyncio.run(main()) == list(range(20))


def test_a_thread_sees_the_context_it_is_given() -> None:
    found = []
    with bind(user=1):
        context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: found.append(context.run(bound)))
    thread.start()
    thread.join()

    assert found == [{"user": 1}]


def test_what_changes_after_it_was_bound_does_not_change_the_env() -> None:
    values = [1]
    with bind(values=values):
        values.append(2)
        assert bound() == {"values": [1]}


def test_the_env_of_a_request_is_made_once_and_only_if_needed() -> None:
    made = []

    def factory() -> dict[str, object]:
        made.append(1)
        return {"url": "/x"}

    with request_context(factory):
        assert made == []
        add_to_env("user", 5)
        assert bound() == {"url": "/x", "user": 5}
        assert bound() == {"url": "/x", "user": 5}
    assert made == [1]
    assert bound() == {}


def test_a_request_whose_env_cannot_be_read_says_so() -> None:
    def factory() -> dict[str, object]:
        raise LookupError

    with request_context(factory):
        assert bound() == {"request": "<could not be read: LookupError>"}


def test_what_is_bound_inside_a_request_ends_with_it() -> None:
    with request_context(dict):
        bind(user=1)
        assert bound() == {"user": 1}
    assert bound() == {}


def test_adding_to_the_env_works_without_a_request() -> None:
    def run() -> dict[str, object]:
        add_to_env("user", 5)
        return bound()

    assert contextvars.copy_context().run(run) == {"user": 5}


def test_a_report_carries_request_and_bound_values() -> None:
    log = Log()
    with request_context(lambda: {"url": "/x", "method": "GET"}), logster.bind(user=1, method="bound"):
        log.logger.error("m", extra={"order": 2})
    env = log.only.env
    assert (env["url"], env["user"], env["order"], env["method"]) == ("/x", 1, 2, "bound")
    log.close()


def fail() -> None:
    raise ValueError("no")


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    yield log
    log.close()


def env_of(log: Log, error: Exception) -> dict[str, Any]:
    assert capture_exception(error, service=log.service)
    return {name: value for name, value in log.only.env.items() if name in ("user", "order", "outside")}


def test_an_exception_carries_what_was_bound_where_it_was_raised(log: Log) -> None:
    with bind(outside=True):
        with pytest.raises(ValueError, match="no") as caught, bind(user=1, order=6), bind(order=7):
            fail()
        assert env_of(log, caught.value) == {"outside": True, "user": 1, "order": 7}


def test_an_exception_carries_it_out_of_decorated_functions_of_an_executor(log: Log) -> None:
    @bind(order=7)
    def job() -> None:
        fail()

    with ThreadPoolExecutor() as pool, bind(user=1):
        future = pool.submit(contextvars.copy_context().run, job)
    error = future.exception()
    assert isinstance(error, ValueError)
    assert env_of(log, error) == {"user": 1, "order": 7}


def test_an_exception_carries_it_out_of_decorated_coroutines(log: Log) -> None:
    @bind(order=7)
    async def job() -> None:
        fail()

    async def main() -> list[Any]:
        return list(await asyncio.gather(asyncio.create_task(job()), return_exceptions=True))

    (error,) = asyncio.run(main())
    assert env_of(log, error) == {"order": 7}


def test_an_exception_object_that_is_raised_again_carries_what_is_bound_there(log: Log) -> None:
    error = ValueError("the only one")
    for order in (1, 2):
        with pytest.raises(ValueError, match="only"), bind(order=order):
            raise error
    assert env_of(log, error) == {"order": 2}


def test_an_exception_that_takes_no_mark_is_raised_all_the_same() -> None:
    class Sealed(Exception):
        @property
        def __dict__(self) -> object:  # type: ignore[override]
            raise TypeError

    with pytest.raises(Sealed), bind(order=1):
        raise Sealed


def test_executors_see_what_is_bound_where_they_are_given_the_context() -> None:
    async def main() -> list[object]:
        loop = asyncio.get_running_loop()
        with bind(user=1):
            copied = loop.run_in_executor(None, contextvars.copy_context().run, bound)
            return [await asyncio.to_thread(bound), await copied, await loop.run_in_executor(None, bound)]

    assert asyncio.run(main()) == [{"user": 1}, {"user": 1}, {}]


def test_a_decorator_holds_in_each_step_of_a_generator() -> None:
    closed = []

    @bind(job="nightly")
    def steps() -> Generator[dict[str, object], str, str]:
        try:
            received = yield bound()
            try:
                yield {"received": received, **bound()}
            except LookupError:
                yield {"thrown": True, **bound()}
            yield bound()
        finally:
            closed.append(bound())
        return "done"

    generator = steps()
    assert next(generator) == {"job": "nightly"}
    assert bound() == {}
    assert generator.send("x") == {"received": "x", "job": "nightly"}
    assert generator.throw(LookupError()) == {"thrown": True, "job": "nightly"}
    generator.close()
    assert closed == [{"job": "nightly"}]
    assert bound() == {}


def test_a_decorated_generator_returns_what_it_returned() -> None:
    @bind(job="nightly")
    def steps() -> Generator[int, None, str]:
        yield 1
        return "done"

    def all_steps() -> Generator[int, None, None]:
        result = yield from steps()
        assert result == "done"

    assert list(all_steps()) == [1]


def test_a_decorator_holds_in_each_step_of_an_asynchronous_generator() -> None:
    closed = []

    @bind(job="nightly")
    async def steps() -> AsyncGenerator[dict[str, object], str]:
        try:
            received = yield bound()
            try:
                yield {"received": received, **bound()}
            except LookupError:
                yield {"thrown": True, **bound()}
        finally:
            closed.append(bound())

    async def main() -> None:
        generator = steps()
        assert await anext(generator) == {"job": "nightly"}
        assert bound() == {}
        assert await generator.asend("x") == {"received": "x", "job": "nightly"}
        assert await generator.athrow(LookupError()) == {"thrown": True, "job": "nightly"}
        await generator.aclose()
        assert [each async for each in steps()] == [{"job": "nightly"}, {"received": None, "job": "nightly"}]
        assert bound() == {}

    asyncio.run(main())
    assert closed == [{"job": "nightly"}] * 2
