"""Errors that reach an event loop: exceptions of tasks and callbacks that nobody awaited.

Owns the two ways to them. A loop without a handler of its own logs to the logger `asyncio`, in the standard library
and in uvloop alike, and there is a handler; so this holds for loops that are yet to be made. Where the loop that runs
now has a handler of its own, that is called after the error was captured.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

from logster.capture.handler import LogsterHandler
from logster.capture.uncaught import capture_exception
from logster.service import Service

LOGGER = "asyncio"

LoopHandler = Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object]


class LoopLogHandler(LogsterHandler):
    """Reports what loops log, unless another LogsterHandler is to have it anyway.

    Arguments:
        service: whom to report to; this process's own by default.
    """

    def __init__(self, service: Service | None) -> None:
        super().__init__(logging.ERROR, service=service)
        self._logger = logging.getLogger(LOGGER)
        self._logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a snapshot of `record` to the worker, if no handler after this one does."""
        others = [each for each in self._handlers() if not isinstance(each, LoopLogHandler)]
        if self._is_last_to_take(record):
            super().emit(record)
            # Without a handler Python would have printed it, and this one is not there to be seen.
            if not others and logging.lastResort and record.levelno >= logging.lastResort.level:
                logging.lastResort.handle(record)

    def cancel(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self)
        self.close()

    def _is_last_to_take(self, record: logging.LogRecord) -> bool:
        takers = [each for each in self._handlers() if isinstance(each, LogsterHandler)]
        return [each for each in takers if record.levelno >= each.reported_level][-1:] == [self]

    def _handlers(self) -> Iterator[logging.Handler]:
        logger: logging.Logger | None = self._logger
        while logger is not None:
            yield from logger.handlers
            logger = logger.parent if logger.propagate else None


class LoopHook:
    """Stands before the exception handler that a loop has.

    Arguments:
        loop: the loop.
        before: its handler.
        service: whom to report to; this process's own by default.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, before: LoopHandler, service: Service | None) -> None:
        self._loop = loop
        self._before = before
        self._service = service
        self._is_on = True
        loop.set_exception_handler(self)

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if self._is_on and isinstance(error, Exception):
            message = context.get("message")
            text = message if isinstance(message, str) else ""
            capture_exception(error, logger=LOGGER, message=text, service=self._service)
        self._before(loop, context)

    def cancel(self) -> None:
        """Give the handler back."""
        self._is_on = False
        if self._loop.get_exception_handler() is self:
            self._loop.set_exception_handler(self._before)


def hook_of_running_loop(service: Service | None) -> LoopHook | None:
    """Return the hook before the handler of the loop that runs now; None where it has none, or none runs."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    before = loop.get_exception_handler()
    return LoopHook(loop, before, service) if before is not None else None
