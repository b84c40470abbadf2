"""A thread that does the work of another one while that waits for an answer: one of the two at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from logster.delivery.silence import silence
from logster.delivery.stderr import complain

_PATIENCE_SECONDS = 0.25


class StandIn:
    """Calls `work` every so often while the thread that called `begin` is in `waiting` for longer than a moment."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._turn = threading.Lock()
        self._waits = threading.Event()
        self._ended = threading.Event()
        self._number = 0
        self._thread: threading.Thread | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """Be the thread that works, until the end of the block."""
        with self._turn:
            self._ended = threading.Event()
            self._waits.clear()
            try:
                yield
            finally:
                self._thread = None
                self._ended.set()
                self._waits.set()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let the other thread work, until the end of the block. Who stands in just waits."""
        if threading.current_thread() is self._thread:
            yield
            return
        if self._thread is None:
            self._start()
        self._number += 1
        self._waits.set()
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()
            self._waits.clear()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, args=(self._ended,), name="logster-spool", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the interpreter is about to end: nobody stands in
            return
        self._thread = thread

    def _run(self, ended: threading.Event) -> None:
        with silence:
            while not ended.is_set():
                self._waits.wait()
                number = self._number
                while not ended.wait(_PATIENCE_SECONDS) and self._stand_in(number):
                    pass

    def _stand_in(self, number: int) -> bool:
        """Do the work, if it is still the same that is waited for, and return whether it was."""
        with self._turn:
            if self._number != number or not self._waits.is_set():
                return False
            try:
                self._work()
            except Exception as error:
                complain(f"the spool met {error!r}")
            return True
