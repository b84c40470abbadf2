"""override_level: another level for what is reported from the current context.

Owns the context's level, and whether a handler has to ask for it: as long as no level was ever overridden in this
process, and no breadcrumbs are kept, a handler's level is what it was given, and costs nobody a look.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from logster.entry import LEVEL_NUMBERS
from logster.errors import ConfigurationError

_level: ContextVar[int | None] = ContextVar("logster_level", default=None)

overridden_level = _level.get

_begin_to_vary: list[Callable[[], None]] = []


def when_levels_vary(begin: Callable[[], None]) -> None:
    """Call `begin` before the level of any handler first depends on more than the handler."""
    _begin_to_vary.append(begin)


def let_levels_vary() -> None:
    """Say that from now on the level of a handler depends on more than the handler."""
    for begin in _begin_to_vary:
        begin()


@contextmanager
def override_level(level: int | str) -> Iterator[None]:
    """Report from `level` on, and nothing below, whatever the level of the handler.

    It holds in this context: this thread or task, and the tasks that it starts meanwhile.

    It is for lowering the level of one request, or for keeping one job quiet. A logger's own level, and
    `logging.disable`, come before any handler: what they stop, this cannot bring back.

    Raises:
        ConfigurationError: there is no such level.
    """
    number = _number(level)
    let_levels_vary()
    token = _level.set(number)
    try:
        yield
    finally:
        _level.reset(token)


def _number(level: object) -> int:
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    number = logging.getLevelNamesMapping().get(level.upper()) if isinstance(level, str) else None
    if number is None:
        raise ConfigurationError(f"There is no level {level!r}; levels are {', '.join(LEVEL_NUMBERS)}, or numbers.")
    return number
