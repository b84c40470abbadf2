"""What was bound where an exception was raised: it carries that to whoever reports it further out, on any thread.

Owns the mark that such an exception carries. A `with logster.bind(…)` has ended by the time a middleware, an excepthook
or the caller of an executor meets what was raised inside.
"""

from collections.abc import Mapping
from typing import Any

_MARK = "__logster_bound__"


def carry(error: BaseException, bound: Mapping[str, Any], restored: Mapping[str, Any]) -> None:
    """Remember what was bound where `error` was raised.

    Arguments:
        error: what leaves a block or a function that bound something.
        bound: all that is bound in it.
        restored: what is bound outside of it. Where this is left by the same exception next, the inner values stay; an
            exception object that is raised again elsewhere gets those of there.
    """
    try:
        inner, expected = error.__dict__.get(_MARK, (bound, bound))
        error.__dict__[_MARK] = (inner if expected is bound else bound, restored)
    except Exception:  # a class may hide its own __dict__
        return


def carried(error: object) -> Mapping[str, Any] | None:
    """Return what was bound where `error` was raised; None where nothing was."""
    try:
        found: tuple[Mapping[str, Any], object] | None = error.__dict__.get(_MARK)
        return found[0] if found else None
    except Exception:
        return None
