"""Lets another release take over from the one that serves: gunicorn executes itself anew, and the two share a socket.

The older one ends once as many workers of the newer one serve; until then it goes on, and it stays if they do not.
Signals: https://docs.gunicorn.org/en/stable/signals.html#upgrading-to-a-new-binary-on-the-fly
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from releases.failure import Failure
from releases.shelf import Shelf
from serving import ready

PID_FILE = Path("/run/site/gunicorn.pid")
NEWER_PID_FILE = PID_FILE.with_name("gunicorn.pid.2")
START_SECONDS = 30
END_SECONDS = 40
_PAUSE_SECONDS = 0.1


def take_over(shelf: Shelf, release: Path) -> None:
    """Make a release the current one, and let it serve.

    Raises:
        Failure: it did not begin to serve; the one before goes on.
    """
    before, previous = shelf.current, shelf.previous
    older = _pid(PID_FILE)
    if before is None or older is None:
        raise Failure("The app does not run in this container, so that nothing can take over from it.")
    if _pid(NEWER_PID_FILE):
        raise Failure("The app is still taking over from an earlier release; try again in a minute.")
    _migrate(release)
    shelf.select(release)
    try:
        with _ended_together(older):
            _start(older)
    except BaseException:
        shelf.restore(before, previous)
        raise
    _end(older)


def _migrate(release: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{release}:{release}/dependencies"}
    words = ("chpst", "-u", "site:site", "python3", "-m", "logster", "migrate", "--all")
    if subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, check=False).returncode:
        raise Failure("The data are not for this release; why stands above. The one before goes on.")


def _start(older: int) -> None:
    """Let gunicorn execute itself anew, and wait until as many workers serve as before."""
    wanted = max(ready.count(older), 1)
    before = _children(older)
    os.kill(older, signal.SIGUSR2)
    _until(lambda: _children(older) - before, START_SECONDS)
    # One that cannot load the release ends before it has written its file.
    _until(lambda: _pid(NEWER_PID_FILE) or not _children(older) - before, START_SECONDS)
    if not _pid(NEWER_PID_FILE):
        raise Failure("The new release did not start; its last words are in /shared/log/app. The old one goes on.")
    newer = _pid(NEWER_PID_FILE)
    if not _until(lambda: not _lives(newer) or ready.count(newer or 0) >= wanted, START_SECONDS) or not _lives(newer):
        raise Failure("The new release did not serve; its last words are in /shared/log/app. The old one goes on.")


@contextmanager
def _ended_together(older: int) -> Iterator[None]:
    """Where the newer one fails, end it."""
    try:
        yield
    except BaseException:
        newer = _pid(NEWER_PID_FILE)
        if newer and newer != older:
            with suppress(ProcessLookupError):
                os.kill(newer, signal.SIGTERM)
            _until(lambda: not _lives(newer), END_SECONDS)
        raise


def _end(older: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(older, signal.SIGTERM)
    # The name of the file tells that the newer one has noticed.
    if not _until(lambda: not _lives(older) and not NEWER_PID_FILE.exists(), END_SECONDS):
        raise Failure("The new release serves, but the old one has not ended; look for it in this container.")


def _pid(file: Path) -> int | None:
    """Return the process that a file names, if it lives."""
    try:
        pid = int(file.read_text())
    except (OSError, ValueError):
        return None
    return pid if _lives(pid) else None


def _children(pid: int) -> set[int]:
    """Return the processes that a process has started, and that live."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return set()
    return {int(each) for each in found if _lives(int(each))}


def _lives(pid: int | None) -> bool:
    if not pid:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def _until(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True
