"""Locks between processes, on files: free as soon as their holder is gone, however it went.

Owns that a lock is the process's own: a forked child lets go of what it inherited without unlocking it.
"""

import fcntl
import os
import time
from pathlib import Path

from logster.forking import no_fork

_PAUSE_SECONDS = 0.01
_open: set[int] = set()


class Lock:
    """A lock on the file `path`, held by at most one, or shared by many; `flags` say more on how it is opened."""

    def __init__(self, path: Path, flags: int = os.O_CREAT) -> None:
        # A child that was forked in between would hold the lock for as long as it lives.
        with no_fork:
            self.descriptor = os.open(path, os.O_RDWR | flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            _open.add(self.descriptor)

    def take(self, *, shared: bool = False) -> bool:
        """Take the lock if it is free, and return whether it was."""
        try:
            fcntl.flock(self.descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self, seconds: float, *, shared: bool = False) -> bool:
        """Take the lock once it is free, and return whether it was within `seconds`."""
        deadline = time.monotonic() + seconds
        while not self.take(shared=shared):
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE_SECONDS)
        return True

    def close(self) -> None:
        """Let go. A process that was handed the descriptor goes on holding the lock."""
        if self.descriptor in _open:
            _open.discard(self.descriptor)
            os.close(self.descriptor)

    def __enter__(self) -> "Lock":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _forget_after_fork() -> None:
    # Unlocking would unlock the parent's, which is the same; closing does not.
    for descriptor in _open:
        os.close(descriptor)
    _open.clear()


os.register_at_fork(after_in_child=_forget_after_fork)
