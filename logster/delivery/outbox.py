"""Reports → the store, each exactly once: what was sent and not confirmed is sent again under the same numbers.

Owns the sender's name and numbers, and when to try again while the store is away.
"""

import itertools
import random
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
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
_REPORTS_A_BATCH = 40
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0
# Not the module's own generator: a program that seeded it counts on what it draws.
_jitter = random.SystemRandom()


class Batch(Protocol):
    """Reports that are ready: `send` raises what `report` does, and so does `results`, which waits for the answers."""

    def send(self) -> None: ...

    def results(self) -> Any: ...


class Store(Protocol):
    """What delivery needs of a store."""

    def report(self, reports: Sequence[Report]) -> Any: ...

    def batch(self, reports: Sequence[Report]) -> Batch: ...

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
        self._on_its_way: Batch | None = None  # has all that is unconfirmed
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
    def is_sending(self) -> bool:
        """Return whether the store is at work on a batch that `confirm` has to be called for."""
        return self._on_its_way is not None

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

    def write(self, coalescer: Coalescer, *, goes_on: bool = False) -> bool:
        """Write all that `coalescer` holds, and return whether the store took it.

        While the store works on a batch the next one is made ready. Where it goes on, the last one may stay on its
        way, until `write` or `confirm` is called again.
        """
        while True:
            if self._on_its_way is None and not self._resend():
                return False
            reports = coalescer.take(_REPORTS_A_BATCH, self._sender, self._next_number)
            if reports and (goes_on or len(coalescer) or self._on_its_way):
                if not self._send_on(reports):
                    return False
            elif reports:
                self._unconfirmed = reports
            elif not len(coalescer):
                return goes_on or self.confirm()

    def confirm(self) -> bool:
        """Wait until the store has answered to what is on its way, and return whether it took that."""
        batch, self._on_its_way = self._on_its_way, None
        return batch is None or self._settled(lambda: self._take(batch.results()))

    def _resend(self) -> bool:
        """Write what is unconfirmed, if anything is."""
        return not self._unconfirmed or self._settled(lambda: self._report(self._unconfirmed))

    def _send_on(self, reports: list[Report]) -> bool:
        """Send reports once those before them are confirmed; return whether these are."""
        batch: Batch | None = None
        # What fails here comes up again when these reports are written on their own.
        with suppress(Exception):
            batch = self._store.batch(reports)
        if not self.confirm():
            self._unconfirmed += reports
            return False
        self._unconfirmed = reports
        with suppress(Exception):
            if batch is not None:
                batch.send()
                self._on_its_way = batch
        return True

    def _settled(self, write: Callable[[], None]) -> bool:
        try:
            write()
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

    def _take(self, results: Any) -> None:
        observers.tell(self._store, self._unconfirmed, results)
        self._tally.settle(self._unconfirmed, results)
        self.written += sum(each.count for each in self._unconfirmed)

    def _lose(self, report: Report) -> None:
        # A report about losses that is itself refused would be reported again and again.
        if report.latest.logger != LOGGER:
            self._losses.add(report.latest.namespace, report.latest.level, UNWRITABLE, report.count)

    def _wait_longer(self) -> None:
        self._pause = min(max(self._pause * 2, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        # Many processes lost the store at the same moment, and should not all return at the same one.
        self._retry_at = time.monotonic() + self._pause * _jitter.uniform(0.5, 1.0)
