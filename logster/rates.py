"""on_rate: calls back when more is reported than expected.

Owns the thread on which callbacks run. How rates are counted is for the store.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Literal

from logster import ending
from logster.delivery.stderr import complain
from logster.entry import LEVEL_NUMBERS, level_floor
from logster.errors import ConfigurationError
from logster.forking import after_fork
from logster.store import rates
from logster.store.rates import Per, Watch

Level = int | str

_LAST_SECONDS = 3.0


class Rate(int):
    """How many occurrences there were, and of what: an integer that knows its limit and its namespace."""

    levels: tuple[int, ...]
    limit: int
    per: Per
    namespace: str

    @classmethod
    def of(cls, watch: Watch, rate: int, namespace: str) -> "Rate":
        result = cls(rate)
        result.levels, result.limit, result.per, result.namespace = watch.levels, watch.limit, watch.per, namespace
        return result


Callback = Callable[[Rate], object]


class RateRegistration:
    """A callback that is called until `cancel()`."""

    def __init__(self, watch: Watch, callback: Callback) -> None:
        self._callback = callback
        self._has_failed = False
        self._entry = (watch, self._breached)
        rates.watches.append(self._entry)

    def cancel(self) -> None:
        """Call it no more."""
        if self._entry in rates.watches:
            rates.watches.remove(self._entry)

    def _breached(self, watch: Watch, rate: int, namespace: str) -> None:
        _caller.call(lambda: self._call(Rate.of(watch, rate, namespace)))

    def _call(self, rate: Rate) -> None:
        try:
            self._callback(rate)
        except Exception as error:  # anybody's code
            if not self._has_failed:
                complain(f"the callback {self._callback!r} of a rate failed: {error!r}")
            self._has_failed = True
        else:
            self._has_failed = False


def on_rate(
    levels: Level | Iterable[Level],
    limit: int,
    per: Literal["minute", "hour"],
    callback: Callback,
) -> RateRegistration:
    """Call `callback` when more than `limit` occurrences of `levels` are reported in a minute or an hour.

    Once for each breach, in one of the processes that watch the same: again only after the rate was down at the limit
    or below. Each namespace has its own rates. What is suppressed or solved does not count.

    Arguments:
        levels: names or numbers, one or several; a custom level counts as the standard one below it.
        limit: how many are expected at the most.
        per: "minute" or "hour"; these slide.
        callback: gets the rate, an integer with `limit`, `per`, `levels` and `namespace`; on a thread of its own.

    Raises:
        ConfigurationError: a level, limit or time that there is not.
    """
    if per not in ("minute", "hour"):
        raise ConfigurationError(f"A rate is per minute or per hour, not per {per!r}.")
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ConfigurationError(f"The limit of a rate is {limit!r}; allowed are whole numbers from 0 on.")
    several = [levels] if isinstance(levels, int | str) else list(levels)
    floors = tuple(sorted({level_floor(number(level)) for level in several}))
    if not floors:
        raise ConfigurationError("A rate needs a level: on_rate(['ERROR', 'CRITICAL'], 100, 'minute', callback).")
    return RateRegistration(Watch(floors, limit, per), callback)


def number(level: object) -> int:
    """Return the number of a level given by name or number.

    Raises:
        ConfigurationError: there is no such level.
    """
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    if isinstance(level, str) and level.upper() in LEVEL_NUMBERS:
        return LEVEL_NUMBERS[level.upper()]
    raise ConfigurationError(f"There is no level {level!r}; levels are {', '.join(LEVEL_NUMBERS)}, or numbers.")


class _Caller:
    """Calls on a thread of its own, which starts with the first call."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        # Also in a forked child, which has no such thread.
        self._queue: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()  # a signal's handler may end the program while this one is held

    def call(self, function: Callable[[], object]) -> None:
        self._queue.put(function)
        with self._lock:
            if self._thread is None and not sys.is_finalizing():  # start() would wait for ever
                thread = threading.Thread(target=self._run, name="logster-rates", daemon=True)
                # No more threads, or no new ones as the program ends: it waits for the next call, or for the end.
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def finish(self, timeout: float) -> None:
        """Wait until what was asked for before has been called.

        Where no thread could be started it is called here, and `timeout` is how long another call is begun.
        """
        deadline = time.monotonic() + timeout
        if not self._has_thread():
            with suppress(Empty):
                while time.monotonic() < deadline:
                    self._queue.get_nowait()()
        if self._has_thread():
            done = threading.Event()
            self._queue.put(done.set)
            done.wait(max(deadline - time.monotonic(), 0.0))

    def _has_thread(self) -> bool:
        with self._lock:
            return self._thread is not None

    def _run(self) -> None:
        while True:
            self._queue.get()()


_caller = _Caller()
after_fork(_caller.reset)
ending.then(lambda: _caller.finish(_LAST_SECONDS))
