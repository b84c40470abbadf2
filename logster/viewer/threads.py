"""Where the store's blocking calls run: threads with a limit of their own, so that the host's are never used up.

Under asyncio a way there and back takes half of what anyio's takes, and a page has one or two.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, NamedTuple, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from logster.forking import after_fork

THREADS = 16

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` on a thread, in a copy of the current context, and return what it returns.

    Where the caller is cancelled meanwhile, a call that has begun goes on, and nobody hears what came of it.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # trio
        return await in_anyio_thread(function, *args, **kwargs)
    future: asyncio.Future[_Outcome] = loop.create_future()
    _pool.submit(_Call(partial(function, *args, **kwargs), copy_context(), loop, future))
    outcome = await future
    try:
        if outcome.error is not None:
            raise outcome.error
        return outcome.result  # type: ignore[no-any-return]
    finally:
        del outcome  # the error would hold itself, by way of its traceback


async def in_anyio_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the same for code of the host's: on a thread of anyio's, from which it may call its event loop."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_limit())


class _Outcome(NamedTuple):
    """What came of a call. A future could hold an error itself, but not every one."""

    result: Any = None
    error: BaseException | None = None


class _Call(NamedTuple):
    function: Callable[[], Any]
    context: Context
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[_Outcome]"

    def run(self) -> None:
        if not self.future.cancelled():
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self.loop.call_soon_threadsafe(self._tell, self._outcome())

    def _outcome(self) -> _Outcome:
        try:
            return _Outcome(self.context.run(self.function))
        except BaseException as error:
            return _Outcome(error=error)

    def _tell(self, outcome: _Outcome) -> None:
        if not self.future.done():
            self.future.set_result(outcome)


class _Pool:
    """Threads that take calls; one is started when no other is free, up to `THREADS`."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[_Call] = SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._under_way = 0

    def submit(self, call: _Call) -> None:
        with self._lock:
            if self._threads < min(self._under_way + 1, THREADS):
                try:
                    threading.Thread(target=self._work, name="logster-viewer", daemon=True).start()
                    self._threads += 1
                except RuntimeError:  # no more threads: those that there are have to do
                    if not self._threads:
                        raise
            self._under_way += 1
        self._calls.put(call)

    def _work(self) -> None:
        while True:
            self._calls.get().run()
            with self._lock:
                self._under_way -= 1


_pool = _Pool()


def _renew() -> None:
    # A forked child has none of the threads.
    global _pool
    _pool = _Pool()


after_fork(_renew)

# One an event loop: a process has several where the viewer serves WSGI, or under test.
_limiter: RunVar[CapacityLimiter] = RunVar("logster_viewer_threads")


def _limit() -> CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(THREADS)
        _limiter.set(limiter)
        return limiter
