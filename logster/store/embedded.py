"""Servers that come with the process: one on each data directory, shared by all processes that use it.

Owns who uses a server: each process holds a shared lock, so that the last one out can tell that it is, even where
others were killed. Nothing is decided without the directory's lock, so no start is lost to a stop.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logster import ending
from logster.errors import ConfigurationError, StoreUnavailable

if sys.platform != "win32":
    from logster.store import valkey
    from logster.store.lock import Lock

_TURN_SECONDS = 30.0
_LAST_TURN_SECONDS = 5.0
_TURN = "turn.lock"
_USERS = "users.lock"


class _Use:
    """This process's use of the server on one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._users: Lock | None = None
        self._socket: Path | None = None

    def socket(self) -> Path:
        """Return the socket of a server that answers."""
        if self._socket is None or not valkey.answers(self._socket):
            with self._turn(_TURN_SECONDS):
                self._join()
                self._socket = valkey.ensure(self._directory)
        return self._socket

    def end(self) -> None:
        """Let go; the last one stops the server."""
        if self._users is None:
            return
        with self._users, self._turn(_LAST_TURN_SECONDS):
            if self._users.take():
                valkey.stop(self._directory)

    def _join(self) -> None:
        # Anew each time: someone may have removed the directory, and the file with it.
        if self._users is not None:
            self._users.close()
        self._users = Lock(self._directory / _USERS)
        self._users.take(shared=True)

    @contextmanager
    def _turn(self, seconds: float) -> Iterator[None]:
        with Lock(self._directory / _TURN) as lock:
            if not lock.wait(seconds):
                raise StoreUnavailable(
                    f"Another process has been starting or stopping the embedded server on {self._directory} "
                    f"for {seconds:.0f} seconds."
                )
            yield


_uses: dict[Path, _Use] = {}
_located: dict[str, Path] = {}
_lock = threading.Lock()


def acquire(path: str) -> str:
    """Return the path of the unix socket of the server on the data directory `path`, which is started if need be.

    Cheap where the server runs and this process knows it; to be called again after every broken connection.

    Raises:
        ConfigurationError: the directory cannot be used, or there is no server for this system.
        MissingExtra: the server is not installed.
        StoreUnavailable: the server does not start.
    """
    _check_system()
    directory = _locate(path)
    with _lock:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if directory not in _uses:
                _uses[directory] = _Use(directory)
            return str(_uses[directory].socket())
        except OSError as error:
            raise ConfigurationError(
                f"Setting 'redis_url' is 'embedded:{path}', but {directory} cannot hold the data: "
                f"{error.strerror or error}. Allowed is a directory that this user may write to."
            ) from error


def release(path: str) -> None:
    """End this process's use of the server on the data directory `path`; the last process stops it."""
    directory = _locate(path)
    with _lock:
        _located.pop(path, None)
        use = _uses.pop(directory, None)
        if use is not None:
            use.end()


def _check_system() -> None:
    if sys.platform == "win32":
        raise ConfigurationError(
            "Setting 'redis_url' is embedded:PATH, for which there is no server on Windows; "
            "allowed there are redis:// and memory://."
        )


def _locate(path: str) -> Path:
    # Once: a program that turns into a daemon leaves the directory that a relative path starts from.
    if path not in _located:
        try:
            _located[path] = Path(path).expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:
            raise ConfigurationError(
                f"Setting 'redis_url' is {f'embedded:{path}'!r}, which leads to no directory: {error}."
            ) from error
    return _located[path]


def _release_all() -> None:
    for directory in list(_uses):
        try:
            release(str(directory))
        except (OSError, StoreUnavailable):
            continue  # whoever comes next finds the server


def _forget_after_fork() -> None:
    global _lock
    # The parent's use is its own; the child takes one where it needs it.
    _uses.clear()
    _lock = threading.Lock()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forget_after_fork)
    ending.last(_release_all)
