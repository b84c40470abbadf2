"""Looks at the processes of a container from outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process as the host sees it."""

    pid: int
    name: str
    user: int

    def environment(self) -> str:
        """Return its variables as it was started with, NUL between them; nothing where it is gone."""
        try:
            return Path(f"/proc/{self.pid}/environ").read_bytes().decode(errors="replace")
        except OSError:
            return ""

    def memory(self) -> int:
        """Return its part of the memory in kB, of what it shares its share (PSS)."""
        try:
            lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            return 0
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def processes(first: int) -> Iterator[Process]:
    """Yield a process and all that descend from it."""
    waiting = [first]
    while waiting:
        pid = waiting.pop()
        try:
            place = Path(f"/proc/{pid}")
            name = (place / "comm").read_text().strip()
            user = place.stat().st_uid
            for thread in (place / "task").iterdir():
                waiting += map(int, (thread / "children").read_text().split())
        except OSError:
            continue  # it has ended meanwhile
        yield Process(pid, name, user)


def memory(first: int) -> int:
    """Return the memory of a container in kB."""
    return sum(each.memory() for each in processes(first))
