"""Which workers serve: each says so in a file of its own, with its master and the release that it serves."""

import os
from pathlib import Path

DIRECTORY = Path("/run/site/serving")


def announce() -> None:
    """Say that this worker takes requests."""
    place = DIRECTORY / str(os.getpid())
    unfinished = place.with_suffix(".new")
    unfinished.write_text(f"{os.getppid()} {os.environ.get('SITE_RELEASE', '')}")
    unfinished.replace(place)


def withdraw(worker: int) -> None:
    (DIRECTORY / str(worker)).unlink(missing_ok=True)


def count(master: int) -> int:
    """Return how many workers of a master serve."""
    return sum(master == _master(place) for place in DIRECTORY.glob("[0-9]*"))


def _master(place: Path) -> int:
    try:
        return int(place.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0
