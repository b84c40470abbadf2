"""Stolen: the CPU time that the hypervisor took from this machine. No program here runs meanwhile, whatever it is."""

import os
from pathlib import Path

_STAT = Path("/proc/stat")
# After user, nice, system, idle, iowait, irq and softirq; see proc_stat(5).
_STEAL = 8
_MILLISECONDS = 1e3


def stolen_ms() -> float | None:
    """Return how much it was since the machine started, in milliseconds; None where nobody tells."""
    try:
        total = _STAT.read_text().split("\n", 1)[0].split()
        return int(total[_STEAL]) / os.sysconf("SC_CLK_TCK") * _MILLISECONDS
    except (OSError, IndexError, ValueError):
        return None
