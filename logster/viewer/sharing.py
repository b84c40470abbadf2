"""Sharing: one answer of the store for all who ask the same at the same time.

Hundreds of live views ask for the same list whenever there is something new in it. One such question is under way at a
time. Who asks meanwhile is answered by the next, with all others who do, so that nobody is shown what was before. Where
these are many it is put off for a moment, in which more come.
"""

import asyncio
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from logster.viewer.threads import in_thread

MANY = 3
PAUSE_SECONDS = 0.05

P = ParamSpec("P")
T = TypeVar("T")


async def shared(question: Hashable, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `function` on a thread as `in_thread` does, or have it called with others, and return what it returns.

    Arguments:
        question: what is asked; who asks the same must not mind whose function, arguments and context are taken.
        function: what answers it, which is not changed by who gets it.
        args: for the function.
        kwargs: for the function.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # trio
        return await in_thread(function, *args, **kwargs)
    lines = _lines.setdefault(loop, {})
    line = lines.get(question)
    if line is not None:
        # The answer is others', too: it comes even where this caller is gone.
        return await asyncio.shield(line.next_answer(partial(function, *args, **kwargs)))
    line = lines[question] = _Line(loop, partial(lines.pop, question))
    try:
        return await in_thread(function, *args, **kwargs)
    finally:
        line.go_on()


class _Line:
    """Who waits while a question is under way. `leave` is called once nobody does."""

    def __init__(self, loop: AbstractEventLoop, leave: Callable[[], object]) -> None:
        self._loop = loop
        self._leave = leave
        self._call: Callable[[], Any] | None = None
        self._waiting = 0
        self._answer: Future[Any] = loop.create_future()
        self._task: Task[None] | None = None

    def next_answer(self, call: Callable[[], Any]) -> Future[Any]:
        """Return what has the next answer; the call of who comes first is made for it."""
        self._call = self._call or call
        self._waiting += 1
        return self._answer

    def go_on(self) -> None:
        """Ask the next question, if there is one."""
        if self._call is None:
            self._leave()
        else:
            self._task = self._loop.create_task(self._ask(self._call))

    def _begin(self) -> None:
        """Have the next question for those who ask from now on."""
        self._call, self._waiting, self._answer = None, 0, self._loop.create_future()

    async def _ask(self, call: Callable[[], Any]) -> None:
        answer = self._answer
        try:
            try:
                if self._waiting >= MANY:
                    await asyncio.sleep(PAUSE_SECONDS)
            finally:
                self._begin()
            result = await in_thread(call)
        except BaseException as error:
            answer.set_exception(error)
            # Nobody may be left to hear it.
            answer.exception()
        else:
            answer.set_result(result)
        finally:
            self.go_on()


_lines: "WeakKeyDictionary[AbstractEventLoop, dict[Hashable, _Line]]" = WeakKeyDictionary()
