"""The end of the process, in order: first everyone writes what is left, then tells whom that concerns, and lets go.

Owns the order only, which that of imports must not decide. Does not know who registers.
"""

import atexit
from collections.abc import Callable

_first: list[Callable[[], object]] = []
_then: list[Callable[[], object]] = []
_last: list[Callable[[], object]] = []


def first(callback: Callable[[], object]) -> Callable[[], object]:
    """Call `callback` when the process ends, before all that is registered with `then` and `last`."""
    _first.append(callback)
    return callback


def then(callback: Callable[[], object]) -> Callable[[], object]:
    """Call `callback` when the process ends, after all that is registered with `first`: to tell what that came to."""
    _then.append(callback)
    return callback


def last(callback: Callable[[], object]) -> Callable[[], object]:
    """Call `callback` when the process ends, after all that is registered with `first` and `then`."""
    _last.append(callback)
    return callback


def write() -> None:
    """Call now what is registered with `first` and `then`, for an end at which Python runs nothing of this."""
    try:
        _call(_first)
    finally:
        _call(_then)


@atexit.register
def _end() -> None:
    try:
        write()
    finally:
        _call(_last)


def _call(callbacks: list[Callable[[], object]]) -> None:
    # Writing what is left may need, and so register, what was not needed before.
    try:
        while callbacks:
            callbacks.pop(0)()
    finally:
        # One that fails must not keep the others from their turn.
        if callbacks:
            _call(callbacks)
