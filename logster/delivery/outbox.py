"""Reports → the store, each exactly once: what was sent and not confirmed is sent again under the same numbers.

Owns the sender's name and numbers, and when to try again while the store is away.
"""

import itertools
import random
import time
import uuid
from collections.abc import Sequence
from typing import Any, Protocol

from logster.delivery import observers
from logster.delivery.coalescer import Coalescer
from logster.delivery.losses import LOGGER, UNWRITABLE, Losses
from logster.delivery.stderr import complain
from logster.delivery.tally import Tally
from logster.entry import Report
from logster.errors import LogsterError
from logster.store.filter import Filter

# Making the commands of a batch keeps the interpreter from the program's own threads, so it is not a long one.
_REPORTS_A_BATCH = 100
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
# Not the module's own generator: a program that seeded it counts on what it draws.
_jitter = random.SystemRandom()


class Store(Protocol):
    """What delivery needs of a store."""

    def report(self, reports: Sequence[Report]) -> Any: ...

    def filter(self, namespace: str) -> Filter: ...


class Outbox:
    """Writes what a coalescer holds.

    Arguments:
        store: where to.
        losses: where to count what the store will never take.
        tally: where to count what became of the rest.
    """

    def __init__(self, store: Store, losses: Losses, tally: Tally) -> None:
        self._store = store
        self._losses = losses
        self._tally = tally
        self._sender = uuid.uuid4().hex
        self._next_number = itertools.count(1).__next__
        self._unconfirmed: list[Report] = []
        self._pause = 0.0
        self._retry_at = 0.0
        self.written = 0

    def __len__(self) -> int:
        return len(self._unconfirmed)

    @property
    def is_waiting(self) -> bool:
        """Return whether something was sent that the store has not confirmed."""
        return bool(self._unconfirmed)

    @property
    def is_away(self) -> bool:
        """Return whether the store did not answer the last time."""
        return self._pause > 0

    def seconds_to_retry(self) -> float:
        """Return how long the store is to be left alone."""
        return max(self._retry_at - time.monotonic(), 0.0) if self._pause else 0.0

    def retry_now(self) -> None:
        """Leave out the rest of the pause."""
        self._retry_at = 0.0

    def write(self, coalescer: Coalescer) -> bool:
        """Write all that `coalescer` holds, and return whether the store took it."""
        while True:
            if not self._unconfirmed:
                self._unconfirmed = coalescer.take(_REPORTS_A_BATCH, self._sender, self._next_number)
                if not self._unconfirmed and not len(coalescer):
                    return True
            if not self._send():
                return False

    def _send(self) -> bool:
        try:
            self._report(self._unconfirmed)
        except LogsterError as error:
            complain(str(error))
            self._wait_longer()
            return False
        except Exception as error:
            # Not an outage but a report that cannot be written, which must not hold up the others for ever.
            complain(f"a batch could not be written, trying its reports one by one: {error!r}")
            if not self._send_singly():
                return False
        self._unconfirmed = []
        self._pause = 0.0
        return True

    def _send_singly(self) -> bool:
        while self._unconfirmed:
            try:
                self._report(self._unconfirmed[:1])
            except LogsterError as error:
                complain(str(error))
                self._wait_longer()
                return False
            except Exception as error:
                complain(f"a report could not be written and is dropped: {error!r}")
                self._lose(self._unconfirmed[0])
            self._unconfirmed = self._unconfirmed[1:]
        return True

    def _report(self, reports: Sequence[Report]) -> None:
        if reports:
            self._tally.settle(reports, observers.report(self._store, reports))
            self.written += sum(each.count for each in reports)

    def _lose(self, report: Report) -> None:
        # A report about losses that is itself refused would be reported again and again.
        if report.latest.logger != LOGGER:
            self._losses.add(report.latest.namespace, report.latest.level, UNWRITABLE, report.count)

    def _wait_longer(self) -> None:
        self._pause = min(max(self._pause * 2, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        # Many processes lost the store at the same moment, and should not all return at the same one.
        self._retry_at = time.monotonic() + self._pause * _jitter.uniform(0.5, 1.0)
