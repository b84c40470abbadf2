"""Reports → the store, each exactly once: what was sent and not confirmed is sent again under the same numbers.

Owns the sender's name and numbers, and when to try again while the store is away. Where there is a spool, what cannot
be written goes there, and from there to the store once that is back.
"""

import itertools
import random
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Protocol

from logster.delivery import observers
from logster.delivery.coalescer import Coalescer
from logster.delivery.losses import LOGGER, UNWRITABLE, Losses
from logster.delivery.spool import Spool, renamed
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

    def ping(self) -> None: ...


class Outbox:
    """Writes what a coalescer holds.

    Arguments:
        store: where to.
        losses: where to count what the store will never take.
        tally: where to count what became of the rest.
        spool: where reports wait on disk, if anywhere.
        waiting: makes a block in which the store is waited for, and others may call `copy` meanwhile.
    """

    def __init__(
        self,
        store: Store,
        losses: Losses,
        tally: Tally,
        spool: Spool | None = None,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._spool = spool
        self._waiting = waiting
        self._store = store
        self._losses = losses
        self._tally = tally
        self._be_somebody()
        self._unconfirmed: list[Report] = []
        self._in_hand: list[Report] = []
        self._left: list[Report] = []  # by the spool, for want of room; not sent yet
        self._replays = False
        self._on_its_way: Batch | None = None  # has all that is unconfirmed
        self._pause = 0.0
        self._retry_at = 0.0
        self.written = 0

    def __len__(self) -> int:
        return len(self._unconfirmed) + len(self._left)

    @property
    def is_waiting(self) -> bool:
        """Return whether something is out of the coalescer's hands that the store has not confirmed."""
        return bool(self._unconfirmed or self._left)

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

    @property
    def is_spooling(self) -> bool:
        """Return whether what comes now goes to the disk."""
        return self._spool is not None and self.is_away

    @property
    def has_spooled(self) -> bool:
        """Return whether something that went to the disk has not reached the store."""
        return self._spool is not None and self._spool.has_own

    def seconds_to_tend(self) -> float | None:
        """Return when there is something to do for what is on disk; None where there is no spool."""
        if self._spool is None:
            return None
        return self._spool.seconds_to_sync() if self.is_away else self._spool.seconds_to_look()

    def retry_now(self) -> None:
        """Leave out the rest of the pause."""
        self._retry_at = 0.0

    def write(
        self, coalescer: Coalescer, *, goes_on: bool = False, meanwhile: Callable[[int], None] = lambda _: None
    ) -> bool:
        """Write all that `coalescer` holds, and return whether the store took it.

        While the store works on a batch the next one is made ready. Where it goes on, the last one may stay on its
        way, until `write` or `confirm` is called again.

        Arguments:
            coalescer: what waits. What it gets while this is under way stays there.
            goes_on: whether there will be more at once.
            meanwhile: called while the store works on a batch, with how many reports the next one has.
        """
        if self.is_spooling and not self._is_back():
            return False
        remaining = len(coalescer)
        while True:
            if self._on_its_way is None and not self._resend():
                return False
            if self._left:
                if not self.confirm():
                    return False
                self._take_left()
                continue
            at_most = min(remaining, _REPORTS_A_BATCH)
            remaining -= at_most
            reports = coalescer.take(at_most, self._sender, self._next_number)
            is_last = not (remaining and len(coalescer))
            if reports and (goes_on or not is_last or self._on_its_way):
                if not self._send_on(reports, meanwhile):
                    return False
            elif reports:
                self._unconfirmed = reports
            elif is_last:
                return goes_on or self.confirm()

    def confirm(self) -> bool:
        """Wait until the store has answered to what is on its way, and return whether it took that."""
        batch, self._on_its_way = self._on_its_way, None
        return batch is None or self._settled(lambda: self._take(self._results(batch)))

    def set_aside(self, coalescer: Coalescer) -> None:
        """Bring to the disk what waits in memory, if there is a spool that takes it."""
        if self._spool is None:
            return
        self._spool.sync()
        self._take_left()
        if self._unconfirmed:
            if not self._spool.write(self._unconfirmed):
                return
            self._unconfirmed = []
            # What comes later may be written before these are, and must not have the numbers after theirs.
            self._be_somebody()
        self._spool_all(coalescer)

    def copy(self, coalescer: Coalescer) -> None:
        """Bring to the disk what waits in memory while the store is waited for, which may yet take what it was sent."""
        if self._spool is None:
            return
        sent = [] if self._replays else [*self._unconfirmed, *self._in_hand]
        if not sent or self._spool.write(sent):
            self._spool_all(coalescer)

    def replay(self) -> None:
        """Write some of what is on disk."""
        if self._spool is None or self.is_waiting:
            return
        self._spool.finish()
        self._unconfirmed = [] if self._spool.seconds_to_look() > 0 else self._spool.batch(_REPORTS_A_BATCH)
        if not self._unconfirmed:
            self._pause = 0.0
            return
        self._replays = True
        try:
            if self._resend():
                self._spool.advance()
        finally:
            self._unconfirmed = []  # where it is not written it is still on disk
            self._replays = False

    def _spool_all(self, coalescer: Coalescer) -> None:
        while len(coalescer) and self._spool is not None:
            numbers = self._spool.numbers()
            if numbers is None:
                return
            reports = coalescer.take(_REPORTS_A_BATCH, *numbers)
            if reports and not self._spool.write(reports):
                self._left += reports
                return

    def _take_left(self) -> None:
        # The numbers that they have go with the file that they are not in.
        self._unconfirmed += renamed(self._left, self._sender, self._next_number)
        self._left = []

    def _is_back(self) -> bool:
        """Return whether the store answers again, and if so let what is on disk be read."""
        try:
            with self._waiting():
                self._store.ping()
        except Exception as error:
            complain(str(error) if isinstance(error, LogsterError) else repr(error))
            self._wait_longer()
            return False
        return True

    def _be_somebody(self) -> None:
        self._sender = uuid.uuid4().hex
        self._next_number = itertools.count(1).__next__

    def _resend(self) -> bool:
        """Write what is unconfirmed, if anything is."""
        return not self._unconfirmed or self._settled(lambda: self._report(self._unconfirmed))

    def _send_on(self, reports: list[Report], meanwhile: Callable[[int], None]) -> bool:
        """Send reports once those before them are confirmed; return whether these are."""
        batch: Batch | None = None
        # What fails here comes up again when these reports are written on their own.
        self._in_hand = reports
        with suppress(Exception), self._waiting():
            batch = self._store.batch(reports)
        if self._on_its_way is not None:
            with suppress(Exception):  # nothing may come between these reports and the store
                meanwhile(len(reports))
        is_confirmed, self._in_hand = self.confirm(), []
        if not is_confirmed:
            self._unconfirmed += reports
            return False
        self._unconfirmed = reports
        with suppress(Exception):
            if batch is not None:
                with self._waiting():
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
            with self._waiting():
                results = self._store.report(reports)
            observers.tell(self._store, reports, results)
            if self._replays:  # what was written before is counted already
                outcomes = zip(reports, results or [None] * len(reports), strict=True)
                new = [(each, result) for each, result in outcomes if getattr(result, "outcome", "") != "repeated"]
                reports, results = [each for each, _ in new], [result for _, result in new if result]
            self._tally.settle(reports, results)
            self.written += sum(each.count for each in reports)

    def _results(self, batch: Batch) -> Any:
        with self._waiting():
            return batch.results()

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
