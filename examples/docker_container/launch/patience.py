"""Waits for conditions."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.2


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for `condition`, and return whether it came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True
