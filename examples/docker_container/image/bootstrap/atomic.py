"""Writes a file so that whoever reads it sees the old one or the new one, and nothing in between."""

import os
import tempfile
from pathlib import Path


def write(path: Path, data: bytes, mode: int, user: int = -1, group: int = -1) -> None:
    """Replace a file, or make it with the directories above it.

    Args:
        path: where.
        data: all of its contents.
        mode: its permissions, not limited by the umask.
        user: the number of its owner, -1 for whoever runs this.
        group: the same for its group.

    Raises:
        OSError: it could not be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchown(descriptor, user, group)
            os.fchmod(descriptor, mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise
