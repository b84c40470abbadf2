"""SIGTERM: what was reported is written before it ends the program, where the program does not handle it itself.

Owns a process's default death by it, which goes on to be one: the parent sees the signal, not an exit status.
"""

import contextlib
import signal
from types import FrameType

from logster import ending
from logster.delivery.stderr import complain


class Termination:
    """Handles SIGTERM where nobody does; in any other thread than the main one, which Python insists on, nothing."""

    def __init__(self) -> None:
        self._is_on = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL and self._set(self)

    def __call__(self, number: int, _: FrameType | None) -> None:
        # Whoever is out of patience sends a second one, which ends the program at once.
        signal.signal(number, signal.SIG_DFL)
        try:
            if self._is_on:
                ending.write()
        except Exception as error:
            complain(f"not all could be done before the program ended: {type(error).__name__}")
        finally:
            signal.raise_signal(number)

    def cancel(self) -> None:
        """Leave SIGTERM to the system again, unless the program has a handler by now."""
        is_ours = signal.getsignal(signal.SIGTERM) is self
        if self._is_on and is_ours:
            self._set(signal.SIG_DFL)
        self._is_on = False

    def _set(self, handler: "Termination | signal.Handlers") -> bool:
        with contextlib.suppress(ValueError):
            signal.signal(signal.SIGTERM, handler)
            return True
        return False
