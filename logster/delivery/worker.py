"""The worker: a bounded queue, and a thread that writes what is in it.

Owns threads, forks and the end of the program. What is written, and how often it is tried, is the coalescer's and
the outbox's business.
"""

import os
import sys
import threading
import time
import weakref
from queue import Empty, SimpleQueue
from typing import Any, get_args

from logster import ending
from logster.delivery import observers
from logster.delivery.coalescer import Coalescer
from logster.delivery.losses import AWAY, QUEUE_FULL, Losses
from logster.delivery.outbox import Outbox, Store
from logster.delivery.silence import silence
from logster.delivery.snapshot import Snapshot
from logster.delivery.stderr import complain
from logster.delivery.tally import Tally, What
from logster.errors import LogsterError
from logster.forking import no_fork
from logster.redaction import Redactor
from logster.settings import Settings

# While reports pour in, each look into the queue takes many: a look for each would cost the caller's thread.
_TICK_SECONDS = 0.02
_SLICE_SECONDS = 0.002
_WRITE_AT = 500
# As many make a tick of their own: what waits is no fewer after it.
_NO_TICK_AT = 500


class _Request:
    """Asks the thread to write all that was submitted before, and to end where `stop` is set."""

    def __init__(self, *, stop: bool = False) -> None:
        self.stop = stop
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
        self._limit = settings.queue_size
        self._synchronous = settings.synchronous
        self._reset()
        _workers.add(self)

    def _reset(self) -> None:
        # SimpleQueue is the one queue that a finalizer or a signal handler may use while its thread is in it.
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._starting = threading.RLock()
        self._thread: threading.Thread | None = None
        self._ending: threading.Thread | None = None
        self._losses = Losses()
        self._coalescer = Coalescer(self._settings, self._redactor, self._losses, self._store.filter)
        self.standing = self._coalescer.standing
        self._tally = Tally()
        self._outbox = Outbox(self._store, self._losses, self._tally)
        self._requests: list[_Request] = []
        self._taken = 0
        self._due = 0.0

    def submit(self, snapshot: Snapshot) -> bool:
        """Take a snapshot, without waiting and without raising; return False where it was dropped and counted."""
        if self._synchronous:
            return self._write_now(snapshot)
        if self._queue.qsize() >= self._limit:
            self._losses.add(snapshot.namespace, snapshot.level, QUEUE_FULL, snapshot.count)
            return False
        self._queue.put(snapshot)
        if self._thread is None:
            self._start()
        return True

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was submitted before is written.

        Arguments:
            timeout: how long to wait at the most, in seconds; `drain_seconds` by default.

        Returns:
            Whether it was written in time.
        """
        return self._ask(_Request(), self._settings.drain_seconds if timeout is None else timeout)

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
        if self._thread is None and not self._start():
            self._write_here()

    def _write_here(self) -> None:
        """Do the work of the thread that could not be started, as at the very end of the program."""
        with self._starting, silence:
            self._take_queued()
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

    def _run(self) -> None:
        with silence:
            if self._ending is not None:
                self._ending.join()  # two threads must not write at the same time
            while True:
                try:
                    self._collect()
                    self._write()
                except Exception as error:
                    complain(f"the worker met {error!r}")
                if any(each.stop for each in self._answered()):
                    break
            self._ending, self._thread = self._thread, None
            # Whoever submitted before that line counts on this thread.
            if not self._queue.empty():
                self._start()

    def _collect(self) -> None:
        """Wait for something to do, and take what is in the queue."""
        try:
            first = self._queue.get(timeout=self._seconds_to_wait())
        except Empty:
            return
        self._take(first)
        if not self._requests and self._queue.qsize() < _NO_TICK_AT:
            time.sleep(_TICK_SECONDS)
        self._take_queued()

    def _seconds_to_wait(self) -> float | None:
        if self._outbox.is_away:
            return self._outbox.seconds_to_retry()
        if self._outbox.is_sending:
            return 0.0
        if len(self._coalescer) or self._outbox.is_waiting:
            return max(self._due - time.monotonic(), 0.0)
        return 0.0 if len(self._losses) else None

    def _take_queued(self) -> None:
        queued = self._queue.qsize()
        yield_at = time.perf_counter() + _SLICE_SECONDS
        for _ in range(queued):
            self._take(self._queue.get_nowait())
            if len(self._coalescer) >= _WRITE_AT and not self._outbox.is_away:
                self._due = 0.0
                return
            if time.perf_counter() > yield_at:
                # The program's own threads go first, as long as that loses nothing.
                if self._queue.qsize() < self._limit // 2:
                    time.sleep(0)
                yield_at = time.perf_counter() + _SLICE_SECONDS

    def _take(self, item: Any) -> None:
        if isinstance(item, _Request):
            self._requests.append(item)
            self._outbox.retry_now()
            return
        self._taken += item.count
        self._tally.add(item.namespace, "taken", item.count)
        if not len(self._coalescer):
            self._due = time.monotonic() + self._settings.flush_interval_seconds
        self._coalescer.add(item)

    def _write(self) -> None:
        """Write what waits, if it is time."""
        if self._outbox.seconds_to_retry() > 0:
            return
        goes_on = self._queue.qsize() >= _NO_TICK_AT and not self._requests
        if not (self._requests or time.monotonic() >= self._due):
            if not goes_on:
                self._outbox.confirm()
            return
        if self._outbox.write(self._coalescer, goes_on=goes_on):
            self._report_losses()

    def _report_losses(self) -> None:
        if len(self._losses):
            for each in self._losses.take():
                self._coalescer.add(each)
            self._outbox.write(self._coalescer)

    def _answered(self) -> list[_Request]:
        if not self._requests or len(self._coalescer) or self._outbox.is_waiting:
            return []
        answered, self._requests = self._requests, []
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
    asked = [(worker, _Request()) for worker in list(_workers)]
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

os.register_at_fork(after_in_child=_after_fork)
ending.first(_drain)
