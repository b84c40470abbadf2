"""News: what was not written a moment ago. The rest may wait longer: readers know of it, and its count goes on."""

import time
from collections.abc import Hashable

_SECONDS = 2.0
_PRUNED_AT = 4_000


class News:
    """Tells what is new among what waits. Used by one thread at a time."""

    def __init__(self) -> None:
        self._written: dict[Hashable, float] = {}
        self._waiting: set[Hashable] = set()

    def __bool__(self) -> bool:
        """Return whether something waits that is new."""
        return bool(self._waiting)

    def waits(self, place: Hashable) -> None:
        """Note that something waits from now on."""
        written = self._written.get(place)
        if written is None or written < time.monotonic() - _SECONDS:
            self._waiting.add(place)

    def leaves(self, place: Hashable) -> None:
        """Note that it is written now."""
        now = time.monotonic()
        self._waiting.discard(place)
        if len(self._written) >= _PRUNED_AT:
            self._written = {each: at for each, at in self._written.items() if at >= now - _SECONDS}
            if len(self._written) >= _PRUNED_AT:
                self._written = {}
        self._written[place] = now
