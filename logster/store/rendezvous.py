"""Where the socket of an embedded server is, and whether what is there can be trusted.

In the data directory where that is private and its path short enough; else in a private directory of its own, to
which a file in the data directory points.
"""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from logster.errors import ConfigurationError

_NAME = "valkey.sock"
_POINTER = "socket"
# A socket's path has 108 bytes on Linux and 104 on macOS, a zero byte included.
_LONGEST = 103


def new(directory: Path) -> Path:
    """Return where a new server's socket goes; no server may be running."""
    forget(directory)
    own = directory / _NAME
    if _fits(own) and not directory.stat().st_mode & 0o022:
        return own
    private = _private_directory()
    descriptor = os.open(directory / _POINTER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as pointer:
        pointer.write(b"%s\n%s" % (_identity(directory), os.fsencode(private / _NAME)))
    return private / _NAME


def find(directory: Path) -> Path | None:
    """Return the socket of the server on `directory`, or None where there is none to be trusted."""
    socket = _pointed(directory) or directory / _NAME
    return socket if _is_ours(socket, stat.S_ISSOCK) else None


def forget(directory: Path) -> None:
    """Remove what an ended server left."""
    socket = _pointed(directory)
    if socket is not None:
        socket.unlink(missing_ok=True)
        socket.parent.rmdir()
    for name in (_NAME, _POINTER):
        (directory / name).unlink(missing_ok=True)


def _pointed(directory: Path) -> Path | None:
    """Return where the pointer leads, if it is this directory's own and no copy, and nobody else can be there."""
    pointer = directory / _POINTER
    if not _is_ours(pointer, stat.S_ISREG):
        return None
    identity, _, path = pointer.read_bytes().partition(b"\n")
    socket = Path(os.fsdecode(path))
    return socket if identity == _identity(directory) and _is_private(socket.parent) else None


def _identity(directory: Path) -> bytes:
    found = directory.stat()
    return b"%d:%d" % (found.st_dev, found.st_ino)


def _private_directory() -> Path:
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp")):  # noqa: S108 - mkdtemp makes a private one there
        if _fits(Path(parent) / "logster-12345678" / _NAME):
            return Path(tempfile.mkdtemp(prefix="logster-", dir=parent))
    raise ConfigurationError(
        f"The embedded server's socket needs a directory whose path is short; {tempfile.gettempdir()} is too long. "
        "Set TMPDIR to a shorter one."
    )


def _fits(socket: Path) -> bool:
    return len(os.fsencode(socket)) <= _LONGEST


def _is_private(directory: Path) -> bool:
    return _is_ours(directory, stat.S_ISDIR) and not directory.lstat().st_mode & 0o077


def _is_ours(path: Path, is_kind: Callable[[int], bool]) -> bool:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return is_kind(found.st_mode) and found.st_uid == os.geteuid()
