"""Waits for conditions instead of sleeping."""

import threading
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Return as soon as `condition` holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "this never came true"
        pause.wait(0.02)
