"""Stolen: when the hypervisor had this machine's CPUs do something else. No program here runs then, whatever it is."""

import os
import threading
import time
from pathlib import Path
from types import TracebackType

_STAT = Path("/proc/stat")
# After user, nice, system, idle, iowait, irq and softirq; see proc_stat(5).
_STEAL = 8
_LOOK_SECONDS = 0.05
_MILLISECONDS = 1e3


class Stolen:
    """Watches while it is entered as a context. What Linux does not tell, it does not know."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._seconds: set[int] = set()
        self.ms = 0.0

    def __enter__(self) -> "Stolen":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def touches(self, second: int) -> bool:
        """Return whether time was taken in a second since the epoch, or in one beside it."""
        return not self._seconds.isdisjoint(range(second - 1, second + 2))

    def _watch(self) -> None:
        begin = before = stolen_ms()
        while not self._ended.wait(_LOOK_SECONDS):
            now = stolen_ms()
            if now > before:
                self._seconds.add(int(time.time()))
            before, self.ms = now, now - begin


def stolen_ms() -> float:
    """Return the CPU time that was taken since the machine started, in milliseconds; 0.0 where nobody tells."""
    try:
        total = _STAT.read_text().split("\n", 1)[0].split()
        return int(total[_STEAL]) / os.sysconf("SC_CLK_TCK") * _MILLISECONDS
    except (OSError, IndexError, ValueError):
        return 0.0
