"""One command at a time for each site: a lock on a file, free as soon as its holder is gone, however it went."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from launch.failure import Failure
from launch.place import Place


@contextmanager
def locked(place: Place, command: str) -> Iterator[None]:
    """Hold the site's lock.

    Raises:
        Failure: another command holds it; the text says which.
    """
    place.state.mkdir(exist_ok=True)
    descriptor = os.open(place.state / f"{place.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode().strip() or "another command"
            raise Failure(f"Site {place.name!r} is busy with {holder}. Try again when that is done.") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"`{command}`, process {os.getpid()}".encode())
        yield
    finally:
        os.close(descriptor)
