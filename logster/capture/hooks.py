"""install(): what nobody catches, wherever Python hands it over at last, and the end by SIGTERM.

Owns which hooks there are, and what of their arguments becomes a report. Each hook is chained to what was there before.
"""

import re
import sys
import threading
from types import BuiltinFunctionType, FunctionType
from typing import Any, Protocol

from logster.capture.hook import Hook
from logster.capture.loops import LoopLogHandler, hook_of_running_loop
from logster.capture.plain import type_name
from logster.capture.termination import Termination
from logster.capture.uncaught import capture_exception
from logster.capture.warned import WarningHook
from logster.service import Service

# They end a program or a thread on purpose.
_WANTED = (KeyboardInterrupt, SystemExit)


class Cancellable(Protocol):
    """What holds until it is cancelled."""

    def cancel(self) -> None: ...


class Installation:
    """The hooks that one `install()` took, until `cancel()`.

    Arguments:
        hooks: what is cancelled, last first.
    """

    def __init__(self, hooks: list[Cancellable]) -> None:
        self._hooks = hooks

    def cancel(self) -> None:
        """Give every hook back to who had it before."""
        while self._hooks:
            self._hooks.pop().cancel()


def install(*, service: Service | None = None) -> Installation:
    """Report what nobody catches: of the program, its threads, finalizers and event loops, and its warnings.

    It takes `sys.excepthook`, `threading.excepthook`, `sys.unraisablehook` and `warnings.showwarning`, and calls what
    was there before. What loops do not handle is taken from the logger `asyncio`, to which they log it; the handler
    that the running loop has of its own is called afterwards. Where nothing handles SIGTERM, reports are written before
    it ends the program.

    Arguments:
        service: whom to report to; this process's own by default.

    Returns:
        What undoes it: `cancel()`.
    """

    def program(*args: Any) -> None:
        report(args[1], "logster.uncaught")

    def thread(args: Any) -> None:
        report(args.exc_value, "logster.thread")

    def unraisable(args: Any) -> None:
        what = args.err_msg if isinstance(args.err_msg, str) else "Exception ignored in"
        text = without_address(what) if args.object is None else f"{what}: {_name_of(args.object)}"
        report(args.exc_value, "logster.unraisable", text)

    def report(error: BaseException | None, logger: str, message: str = "") -> None:
        if error is not None and not isinstance(error, _WANTED):
            capture_exception(error, logger=logger, message=message, service=service)

    hooks: list[Cancellable] = [
        Hook(sys, "excepthook", program),
        Hook(threading, "excepthook", thread),
        Hook(sys, "unraisablehook", unraisable),
        WarningHook(service),
        LoopLogHandler(service),
        Termination(),
    ]
    if loop := hook_of_running_loop(service):
        hooks.append(loop)
    return Installation(hooks)


def without_address(text: str) -> str:
    """Return what an interpreter says of an object, with a function's name in place of its `repr()`, and no address.

    From Python 3.14 on the object is in the text: "Exception ignored while calling deallocator <function f at 0x7f…>".
    """
    return _ADDRESS.sub("", _FUNCTION.sub(r": \1", text))


_FUNCTION = re.compile(r" <(?:built-in )?function ([\w.<>]+)(?: at 0x[0-9A-Fa-f]+)?>$")
_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def _name_of(value: object) -> str:
    """Return how a function or an object is called, without running code of an object that is about to go."""
    if type(value) in (FunctionType, BuiltinFunctionType):
        return str(value.__qualname__)  # type: ignore[attr-defined]
    return type_name(value)
