"""The worker: a bounded queue, and a thread that writes what is in it.

Owns threads, forks and the end of the program. What is written, and how often it is tried, is the coalescer's and
the outbox's business.
"""

import os
import sys
import threading
import time
import weakref
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, get_args

from logster import ending
from logster.delivery import observers
from logster.delivery.coalescer import Coalescer
from logster.delivery.losses import AWAY, QUEUE_FULL, Losses
from logster.delivery.outbox import Outbox, Store
from logster.delivery.silence import silence
from logster.delivery.snapshot import Snapshot
from logster.delivery.spool import spool_of
from logster.delivery.standin import StandIn
from logster.delivery.stderr import complain, mask_with
from logster.delivery.tally import Tally, What
from logster.errors import LogsterError
from logster.forking import after_fork, no_fork
from logster.redaction import Redactor
from logster.settings import Settings

# Each look into the queue takes many: a look for each would cost the caller's thread.
_TICK_SECONDS = 0.02
_NAP_SECONDS = 0.1
# A signal handler that raises may have come between a report and its call.
_IDLE_SECONDS = 10.0
_SLICE_SECONDS = 0.002
# What was written a moment ago and comes again is collected for longer, but no longer than this.
_REPEATS_TIMES, _REPEATS_SECONDS = 3, 1.0
# Before any moment, however little the machine has been up.
_AT_ONCE = float("-inf")
_WRITE_AT = 500
# With as many, a look is worth it.
_NO_SLEEP_AT = 500
_SPOOL_SECONDS = 0.25
_ASK_AGAIN_SECONDS = 0.05


class _Request:
    """Asks the thread to write all that was submitted before, and to end where `stop` is set.

    Where `or_spool`, what is on disk is as good as written: the process may end.
    """

    def __init__(self, *, stop: bool = False, or_spool: bool = False) -> None:
        self.stop = stop
        self.or_spool = stop or or_spool
        self.done = threading.Event()


class Worker:
    """Takes snapshots from any thread and writes them from its own.

    Arguments:
        settings: how much may wait, and for how long.
        store: where to.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._redactor = Redactor(settings.redact_keys)
        mask_with(self._redactor)
        self._limit = settings.queue_size
        self._wake_at = min(_NO_SLEEP_AT, self._limit // 2)
        interval = settings.flush_interval_seconds
        self._repeats_wait = max(min(_REPEATS_TIMES * interval, _REPEATS_SECONDS) - interval, 0.0)
        self._synchronous = settings.synchronous
        self._reset()
        _workers.add(self)
        if self._spool is not None and not self._synchronous and self._spool.check():
            self._start()  # a process before this one left something

    def _reset(self) -> None:
        # SimpleQueue is the one queue that a finalizer or a signal handler may use while its thread is in it.
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._calls: SimpleQueue[bool] = SimpleQueue()
        self._call_at = sys.maxsize
        self._starting = threading.RLock()
        self._thread: threading.Thread | None = None
        self._ending: threading.Thread | None = None
        self._losses = Losses()
        left_over = partial(self._take_back, self._queue)
        self._coalescer = Coalescer(self._settings, self._redactor, self._losses, self._store.filter, left_over)
        self.standing = self._coalescer.standing
        self._tally = Tally()
        self._spool = spool_of(self._settings, self._losses)
        self._stand_in = StandIn(self._spool_queued) if self._spool is not None else None
        self._outbox = Outbox(self._store, self._losses, self._tally, self._spool, self._waiting)
        self._requests: list[_Request] = []
        self._met: set[str] = set()
        self._in_hand: Any = None
        self._taken = 0
        self._due = _AT_ONCE

    def submit(self, snapshot: Snapshot) -> bool:
        """Take a snapshot, without waiting and without raising; return False where it was dropped and counted."""
        if self._synchronous:
            return self._write_now(snapshot)
        queued = self._queue.qsize()
        if queued >= self._limit:
            self._losses.add(snapshot.namespace, snapshot.level, QUEUE_FULL, snapshot.count)
            return False
        self._queue.put(snapshot)
        if queued >= self._call_at:
            self._calls.put(False)
            self._call_at = sys.maxsize
        if self._thread is None:
            self._start()
        return True

    def flush(self, timeout: float | None = None, *, or_spool: bool = False) -> bool:
        """Wait until all that was submitted before is written.

        Arguments:
            timeout: how long to wait at the most, in seconds; `drain_seconds` by default.
            or_spool: wait no longer than until it is in the spool.

        Returns:
            Whether it was written in time.
        """
        return self._ask(_Request(or_spool=or_spool), self._settings.drain_seconds if timeout is None else timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Write what waits and end the thread; a later `submit` starts another."""
        return self._ask(_Request(stop=True), self._settings.drain_seconds if timeout is None else timeout)

    @property
    def stats(self) -> dict[str, int]:
        """Return how many occurrences were submitted, written and dropped, and how much waits."""
        queued = self._queue.qsize()
        return {
            "submitted": self._taken + queued + self._losses.total(QUEUE_FULL),
            "written": self._outbox.written,
            "dropped": self._losses.total(),
            "queued": queued,
            "pending": len(self._coalescer),
            "unconfirmed": len(self._outbox),
        }

    def key_of(self, snapshot: Snapshot) -> str:
        """Return the key of the entry that `snapshot` is counted in, rendered for that here and now; else nothing."""
        with no_fork:
            occurrence = snapshot.occurrence(self._settings, self._redactor)
        return occurrence.key if occurrence else ""

    def tally(self, namespace: str) -> dict[str, int]:
        """Return what became of one namespace's occurrences, apart from those that were dropped."""
        return {what: self._tally.of(namespace, what) for what in get_args(What)}

    def dropped(self, namespace: str) -> dict[str, int]:
        """Return how many of one namespace's occurrences were dropped, by reason."""
        return self._losses.totals(namespace)

    def forget(self, namespace: str) -> None:
        """Drop what was counted of one namespace."""
        self._met.discard(namespace)
        self._tally.forget(namespace)
        self._losses.forget(namespace)

    def _ask(self, request: _Request, timeout: float) -> bool:
        if silence.kept:
            return False  # the thread that writes would wait for itself
        self._post(request)
        return request.done.wait(timeout)

    def _post(self, request: _Request) -> None:
        if self._thread is None and self._queue.empty():
            request.done.set()
            return
        self._queue.put(request)
        self._calls.put(True)
        if self._thread is None and not self._start():
            self._write_here()

    def _write_here(self) -> None:
        """Do the work of the thread that could not be started, as at the very end of the program."""
        with self._starting, silence, self._working():
            self._take_queued()
            self._take_stood()
            self._write()
            self._answered()

    def _write_now(self, snapshot: Snapshot) -> bool:
        # Without a sender: numbers would have to arrive in order, and threads would have to wait for it.
        coalescer = Coalescer(self._settings, self._redactor, self._losses, self._store.filter)
        self._taken += snapshot.count
        self._tally.add(snapshot.namespace, "taken", snapshot.count)
        losses = self._losses.take()
        try:
            with silence:
                for each in (snapshot, *losses):
                    coalescer.add(each)
                if reports := coalescer.take(len(coalescer), "", int):
                    self._tally.settle(reports, observers.report(self._store, reports))
        except Exception as error:
            self._losses.give_back(losses)
            self._losses.add(snapshot.namespace, snapshot.level, AWAY, snapshot.count)
            complain(str(error) if isinstance(error, LogsterError) else repr(error))
            return False
        self._outbox.written += snapshot.count
        return True

    def _start(self) -> bool:
        with self._starting:
            if self._thread is not None:
                return True
            thread = threading.Thread(target=self._run, name="logster", daemon=True)
            self._thread = thread
            try:
                if sys.is_finalizing():  # it would never run, and start() waits until it does
                    raise RuntimeError("the interpreter is about to end")
                thread.start()
            except RuntimeError as error:  # no more threads, or the interpreter is about to end
                self._thread = None
                complain(f"the worker could not be started: {error}")
                return False
        _drain_with_process()
        return True

    def _working(self) -> AbstractContextManager[None]:
        return self._stand_in.working() if self._stand_in else nullcontext()

    def _waiting(self) -> AbstractContextManager[None]:
        return self._stand_in.waiting() if self._stand_in else nullcontext()

    def _run(self) -> None:
        with silence:
            if self._ending is not None:
                self._ending.join()  # two threads must not write at the same time
            with self._working():
                self._work()
            self._ending, self._thread = self._thread, None
            # Whoever submitted before that line counts on this thread.
            if not self._queue.empty():
                self._start()

    def _work(self) -> None:
        while True:
            try:
                self._collect()
                self._write()
            except Exception as error:
                complain(f"the worker met {error!r}")
            if any(each.stop for each in self._answered()):
                break

    def _spool_queued(self) -> None:
        """Do on another thread what keeps reports safe, while this one waits for the store."""
        item, self._in_hand = self._in_hand, None
        if item is not None:
            self._take(item)
        self._take_queued()
        self._take_stood()
        self._outbox.copy(self._coalescer)

    def _collect(self) -> None:
        """Wait for something to do, and take what is in the queue."""
        self._wait()
        self._take_queued()
        self._take_stood()

    def _wait(self) -> None:
        """Wait until there is something to do, and then a moment: who reported is in the middle of something.

        To be called by each report would cost its thread that, and the interpreter where it next lets go of it. While
        something waits to be written anyway, a look into the queue now and then does as well.
        """
        seconds = self._seconds_to_wait()
        if self._requests:
            self._sleep(seconds, call_at=0)
        elif len(self._coalescer):
            self._sleep(_NAP_SECONDS if seconds is None else min(seconds, _NAP_SECONDS), call_at=self._wake_at)
        elif not self._sleep(_IDLE_SECONDS if seconds is None else seconds, call_at=0) and not self._queue.empty():
            self._sleep(_TICK_SECONDS, call_at=self._wake_at)

    def _sleep(self, seconds: float | None, call_at: int) -> bool:
        """Sleep until the time is over, as many are queued, or a request is made; return whether there is one."""
        self._call_at = call_at
        try:
            # Who submitted before that line called nobody.
            return self._queue.qsize() <= call_at and self._calls.get(timeout=seconds)
        except Empty:
            return False
        finally:
            self._call_at = sys.maxsize

    def _seconds_to_wait(self) -> float | None:
        # Of what is counted on the callers' threads nobody tells.
        to_read = self._settings.flush_interval_seconds if self.standing else None
        waits = self._outbox.seconds_to_tend(), self._seconds_to_write(), to_read
        return min((each for each in waits if each is not None), default=None)

    def _seconds_to_write(self) -> float | None:
        due = self._seconds_to_due()
        if self._outbox.is_away:
            retry = self._outbox.seconds_to_retry()
            return min(retry, due) if self._outbox.is_spooling and len(self._coalescer) else retry
        if self._outbox.is_sending:
            return 0.0
        if len(self._coalescer) or self._outbox.is_waiting:
            return due
        if len(self._losses):
            return 0.0
        return _ASK_AGAIN_SECONDS if self._requests else None

    def _seconds_to_due(self) -> float:
        """Return how long what waits is still collected."""
        may_wait = not (self._coalescer.news or self._outbox.is_away)
        return max(self._due + (self._repeats_wait if may_wait else 0.0) - time.monotonic(), 0.0)

    def _take_queued(self) -> None:
        queued = self._queue.qsize()
        yield_at = time.perf_counter() + _SLICE_SECONDS
        for _ in range(queued):
            self._take(self._queue.get_nowait())
            if len(self._coalescer) >= _WRITE_AT and (self._outbox.is_spooling or not self._outbox.is_away):
                self._due = _AT_ONCE
                return
            if time.perf_counter() > yield_at:
                # The program's own threads go first, as long as that loses nothing.
                if self._queue.qsize() < self._limit // 2:
                    time.sleep(0)
                yield_at = time.perf_counter() + _SLICE_SECONDS

    def _take_stood(self) -> None:
        """Take what was counted in place of snapshots."""
        if self.standing:
            for each in self._coalescer.stood(is_over=any(each.stop for each in self._requests)):
                self._take(each)

    def _take_back(self, queue: "SimpleQueue[Any]", snapshot: Snapshot) -> None:
        """Take what was left over; in a forked child it is the parent's, which has it too."""
        if queue is self._queue:
            self.submit(snapshot)

    def _take_some(self, at_most: int) -> None:
        """Take some of what is in the queue, while the store is at work and as much is about to be written."""
        for _ in range(min(at_most, self._queue.qsize())):
            if len(self._coalescer) >= _WRITE_AT:
                return
            self._take(self._queue.get_nowait())

    def _take(self, item: Any) -> None:
        if isinstance(item, _Request):
            self._requests.append(item)
            self._outbox.retry_now()
            return
        if self._spool is not None and item.namespace not in self._met and not self._meet(item):
            return
        self._taken += item.count
        self._tally.add(item.namespace, "taken", item.count)
        if not len(self._coalescer):
            is_spooling = self._outbox.is_spooling
            self._due = time.monotonic() + (_SPOOL_SECONDS if is_spooling else self._settings.flush_interval_seconds)
        self._coalescer.add(item)

    def _meet(self, item: Any) -> bool:
        """Let the store read what it needs of a namespace; return whether the item was left to be taken meanwhile."""
        self._met.add(item.namespace)
        self._in_hand = item
        with self._waiting(), suppress(Exception):  # which comes up again when it is asked for that
            self._store.filter(item.namespace)
        is_left, self._in_hand = self._in_hand is not None, None
        return is_left

    def _write(self) -> None:
        """Write what waits, if it is time."""
        if self._outbox.seconds_to_retry() > 0:
            if self._requests or not self._seconds_to_due():
                self._outbox.set_aside(self._coalescer)
            return
        goes_on = self._queue.qsize() >= _NO_SLEEP_AT and not self._requests
        if not (self._requests or not self._seconds_to_due() or self._outbox.is_spooling):
            if not goes_on and self._outbox.confirm():
                self._replay()
            return
        began = time.monotonic()
        if self._outbox.write(self._coalescer, goes_on=goes_on, meanwhile=self._take_some):
            # What was taken since has not waited yet.
            is_due = len(self._coalescer) >= _WRITE_AT or self._requests
            self._due = _AT_ONCE if is_due else began + self._settings.flush_interval_seconds
            self._replay()
            self._report_losses()
        if self._outbox.is_spooling:
            if any(each.or_spool for each in self._requests):
                self._take_losses()
            self._outbox.set_aside(self._coalescer)

    def _replay(self) -> None:
        if self._spool is not None:
            self._outbox.replay()
            for each in self._spool.take_damaged():
                self._take(each)

    def _report_losses(self) -> None:
        if len(self._losses):
            self._take_losses()
            self._outbox.write(self._coalescer)

    def _take_losses(self) -> None:
        for each in self._losses.take():
            self._coalescer.add(each)

    def _answered(self) -> list[_Request]:
        if not self._requests or len(self._coalescer) or self._outbox.is_waiting:
            return []
        is_spooled = self._outbox.has_spooled
        answered = [each for each in self._requests if each.or_spool or not is_spooled]
        self._requests = [each for each in self._requests if not (each.or_spool or not is_spooled)]
        for each in answered:
            each.done.set()
        return answered


_workers: "weakref.WeakSet[Worker]" = weakref.WeakSet()


def _after_fork() -> None:
    # What is queued belongs to the parent, which writes it; its thread and locks do not exist here.
    for worker in list(_workers):
        worker._reset()


def _drain() -> None:
    # All are asked before one is waited for: however many they are, the program ends within one `drain_seconds`.
    started = time.monotonic()
    asked = [(worker, _Request(or_spool=True)) for worker in list(_workers)]
    for worker, request in asked:
        worker._post(request)
    for worker, request in asked:
        request.done.wait(max(started + worker._settings.drain_seconds - time.monotonic(), 0.0))


def _drain_with_process() -> None:
    """See that a child of multiprocessing drains too: it ends without running what is registered with atexit."""
    global _drains_with
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None or _drains_with == os.getpid():
        return
    _drains_with = os.getpid()
    sys.modules["multiprocessing.util"].Finalize(None, _drain, exitpriority=0)


_drains_with = 0
"""The process that has registered already: each registration would wait for the server anew."""

after_fork(_after_fork)
ending.first(_drain)
