"""How many workers there is room for."""

import os
from pathlib import Path

MEBIBYTE = 1 << 20

_SHARED = 128 * MEBIBYTE
"""For Valkey, nginx, and what the workers share."""
_EACH = 64 * MEBIBYTE
_MOST = 16


def workers(wanted: str) -> int:
    """Return how many workers there are to be: a number as it was written, or `auto`.

    Raises:
        ValueError: neither of the two.
    """
    if wanted != "auto":
        return max(1, int(wanted))
    return fitting(cores(), memory())


def fitting(cores: int, memory: int) -> int:
    """Return one worker for each core, two at least, so that one is there while the other ends; as far as they fit."""
    return max(1, min(max(cores, 2), (memory - _SHARED) // _EACH, _MOST))


def cores(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many cores this container may use."""
    there = len(os.sched_getaffinity(0))
    quota, period = _words(root / "cpu.max", "max 100000")
    return there if quota == "max" else max(1, min(there, int(quota) // int(period)))


def memory(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many bytes this container may use."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _words(root / "memory.max", "max")[0]
    return there if limit == "max" else min(there, int(limit))


def _words(file: Path, otherwise: str) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return otherwise.split()
