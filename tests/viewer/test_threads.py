"""Blocking calls of the viewer: each on a thread, few at a time, and whatever they raise."""

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from logster.viewer import threads
from logster.viewer.threads import THREADS, in_thread

user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


def raising(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


def test_a_call_has_the_context_and_the_arguments_of_its_caller() -> None:
    def function(*args: Any, **kwargs: Any) -> Any:
        found = user.get(), args, kwargs, threading.current_thread()
        user.set("somebody else")
        return found

    async def ask() -> Any:
        user.set("ada")
        return await in_thread(function, 1, two=2), user.get()

    (name, args, kwargs, thread), after = asyncio.run(ask())
    assert (name, args, kwargs, after) == ("ada", (1,), {"two": 2}, "ada")
    assert thread is not threading.current_thread()


@pytest.mark.parametrize("error", [LookupError("gone"), SystemExit(3)])
def test_an_error_reaches_the_caller_as_it_is(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised:
        asyncio.run(in_thread(raising(error)))
    assert raised.value is error


def test_an_error_that_no_future_can_hold_reaches_the_caller_too() -> None:
    with pytest.raises(RuntimeError) as raised:
        asyncio.run(in_thread(raising(StopIteration())))
    assert isinstance(raised.value.__cause__, StopIteration)


def test_calls_wait_where_all_threads_are_busy() -> None:
    lock, full, go_on = threading.Lock(), threading.Event(), threading.Event()
    busy, most = 0, 0

    def function() -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
            if busy == THREADS:
                full.set()
        assert go_on.wait(30)
        with lock:
            busy -= 1

    async def ask() -> None:
        calls = [asyncio.create_task(in_thread(function)) for _ in range(3 * THREADS)]
        assert await asyncio.to_thread(full.wait, 30)
        go_on.set()
        await asyncio.gather(*calls)

    asyncio.run(ask())
    assert most == THREADS


def test_where_there_are_no_more_threads_those_that_there_are_take_all_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = 0

    def refuse(thread: threading.Thread) -> None:
        nonlocal refused
        refused += 1
        raise RuntimeError("can't start new thread")

    async def ask() -> list[int]:
        assert await in_thread(lambda: 0) == 0
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            return await asyncio.gather(*(in_thread(lambda: 1) for _ in range(2 * THREADS)))

    monkeypatch.setattr(threads, "_pool", threads._Pool())
    assert asyncio.run(ask()) == [1] * 2 * THREADS
    assert refused


def test_where_there_is_no_thread_at_all_the_caller_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def ask() -> None:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            with pytest.raises(RuntimeError, match="new thread"):
                await in_thread(lambda: 0)
        assert await in_thread(lambda: 1) == 1

    monkeypatch.setattr(threads, "_pool", threads._Pool())
    asyncio.run(ask())


def test_a_call_that_nobody_waits_for_any_more_goes_on_and_does_no_harm() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def function() -> None:
        begun.set()
        assert go_on.wait(30)
        ended.set()

    async def give_up() -> None:
        call = asyncio.create_task(in_thread(function))
        assert await asyncio.to_thread(begun.wait, 30)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(give_up())
    go_on.set()
    assert ended.wait(30)
    assert asyncio.run(in_thread(lambda: "and on")) == "and on"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_process_has_threads_of_its_own() -> None:
    asyncio.run(in_thread(lambda: None))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, asyncio.run(asyncio.wait_for(in_thread(lambda: b"here"), 30)))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"here"
    os.waitpid(pid, 0)
