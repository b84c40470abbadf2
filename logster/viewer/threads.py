"""Where the store's blocking calls run: threads with a limit of their own, so that the host's are never used up."""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

THREADS = 16

P = ParamSpec("P")
T = TypeVar("T")

# One an event loop: a process has several where the viewer serves WSGI, or under test.
_limiter: RunVar[CapacityLimiter] = RunVar("logster_viewer_threads")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` on a thread, in a copy of the current context, and return what it returns."""
    return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=_limit())


def _limit() -> CapacityLimiter:
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(THREADS)
        _limiter.set(limiter)
        return limiter
