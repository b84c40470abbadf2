"""Stand: a record that a pattern keeps out stands for the calls like it, which are counted and not submitted.

Owns what makes a call like it, and that no call is lost, whichever thread counts, reads or lets go at the same moment.
"""

import itertools
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from logster.capture import captured

if TYPE_CHECKING:
    from logster.capture.snapshot import RecordSnapshot

# Of these, what is equal is written alike; 1, 1.0 and True are not.
REPEATABLE = frozenset({str, int})


class Stand:
    """Counts the calls that say the same as `snapshot` does, from the same place.

    What does not decide whether a pattern keeps a record out may be another's: its time, the context, further
    attributes, a stack.

    Arguments:
        snapshot: what stands for the others.
        left_over: takes, as `take` returns it, what was counted when nobody was to read any more.
    """

    __slots__ = ("_add", "_left_over", "_seen", "call", "is_new", "since", "snapshot", "template")

    def __init__(self, snapshot: "RecordSnapshot", left_over: Callable[[Any], object]) -> None:
        self._left_over = left_over
        # One step of C: it cannot lose what two threads count at once, as `+=` can.
        self._add = itertools.count().__next__
        self._seen = 0
        self.since = time.monotonic()
        self.snapshot = snapshot
        self.template = snapshot.template
        self.is_new = snapshot.is_new
        place = snapshot.pathname, snapshot.logger, snapshot.level, snapshot.function
        self.call = (snapshot.line, snapshot.args or (), *place, None)

    def __del__(self) -> None:
        # A thread that found it just before it was let go may have counted since; there can be no other by now.
        if rest := self.take():
            self._left_over(rest)

    def counts(self, record: logging.LogRecord) -> bool:
        """Count `record`, whose template is the same, where it is like this; return whether it is."""
        args = record.args
        # Few steps, since each call of a logger pays for them, and none that runs code of the program's own. What else
        # a record has, or that it has more, would take a dict, which is made when it is first asked for.
        if (
            (type(args[0]) in REPEATABLE if type(args) is tuple and len(args) == 1 else are_repeatable(args))
            and self.call
            == (
                record.lineno,
                args,
                record.pathname,
                record.name,
                record.levelno,
                record.funcName,
                record.exc_info,
            )
            and not hasattr(record, "count")
            and not (captured.records_are_marked and hasattr(record, captured.RECORD_MARK))
        ):
            self._add()
            return True
        return False

    def take(self) -> "RecordSnapshot | None":
        """Return one snapshot for all that was counted since the last time; None where nothing was.

        Asked by one thread at a time.
        """
        # To ask a counter where it is, is to count.
        number = self._add()
        count, self._seen = number - self._seen, number + 1
        return self.snapshot.repeated(count) if count else None


def are_repeatable(args: Any) -> bool:
    """Return whether equal arguments of a call are written alike."""
    if args:
        if type(args) is not tuple:
            return False
        for each in args:
            if type(each) not in REPEATABLE:
                return False
    return True
