"""Permits for JavaScript reports, which a process leases from Redis: a few at a time from who sends many.

Redis counts what is leased, so all processes together let no more through than the limit. Who sends one report has one
permit leased; who goes on sending has twice as many leased each time, so that most reports need no round trip. What is
not used within a second goes back, so that one process does not refuse what another one keeps.
"""

import threading
import time
import weakref
from contextlib import suppress

from logster.errors import LogsterError
from logster.forking import after_fork
from logster.store.script import script
from logster.store.tenant import Tenant

IDLE_SECONDS = 1.0

_LEASED_AT_MOST = 128
_ADDRESSES_AT_MOST = 10_000
_EXPIRE_SECONDS = 120


class _Lease:
    """What is left of the permits of an address in a minute, how many were asked for last, and when."""

    __slots__ = ("asked", "left", "tenant", "wanted")

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.left = 0
        self.wanted = 0
        self.asked = 0.0

    @property
    def is_idle(self) -> bool:
        return time.monotonic() - self.asked >= IDLE_SECONDS


class Leases:
    """The permits of this process, by the name of their counter, which holds namespace, address and minute."""

    def __init__(self) -> None:
        self._reset()
        _all.add(self)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._leases: dict[str, _Lease] = {}
        self._returning: threading.Thread | None = None
        self._closing = threading.Event()

    def take(self, tenant: Tenant, address: str) -> bool:
        """Use a permit that this process has already, and return whether there was one; never waits."""
        minute = _minute()
        with self._lock:
            lease = self._of(minute).get(tenant.keys.beacon(address, minute))
            if lease is None or not lease.left:
                return False
            lease.left -= 1
            return True

    def ask(self, tenant: Tenant, address: str, limit: int) -> bool:
        """Lease permits and use one of them; return whether there was one within `limit` a minute."""
        minute = _minute()
        counter = tenant.keys.beacon(address, minute)
        with self._lock:
            lease = self._of(minute).get(counter)
            wanted = 1 if lease is None or lease.is_idle else min(2 * lease.wanted, _LEASED_AT_MOST)
        arguments = {"limit": limit, "wanted": wanted, "expire_seconds": _EXPIRE_SECONDS}
        leased = int(tenant.run_all([script("lease_beacon").words([counter], [], arguments)])[0])
        if leased:
            self._keep(tenant, minute, counter, leased - 1, wanted)
        return leased > 0

    def close(self) -> None:
        """Give everything back, and end the thread that does so otherwise."""
        with self._lock:
            returning, self._returning = self._returning, None
            self._closing.set()
            self._closing = threading.Event()
        if returning is not None and returning is not threading.current_thread():
            returning.join()
        self._give_back(only_idle=False)

    def _of(self, minute: int) -> dict[str, _Lease]:
        # Permits of a minute that is over are worth nothing, to nobody.
        if minute != self._minute:
            self._minute, self._leases = minute, {}
        return self._leases

    def _keep(self, tenant: Tenant, minute: int, counter: str, left: int, wanted: int) -> None:
        with self._lock:
            leases = self._of(minute) if minute >= self._minute else {}
            if counter not in leases and len(leases) >= _ADDRESSES_AT_MOST:
                return
            lease = leases.setdefault(counter, _Lease(tenant))
            lease.left += left
            lease.wanted, lease.asked = wanted, time.monotonic()
            if left and self._returning is None:
                self._start()

    def _start(self) -> None:
        thread = threading.Thread(target=self._return_idle, args=(self._closing,), name="logster-leases", daemon=True)
        # No more threads, or the interpreter is about to end: then the permits last until their minute is over.
        with suppress(RuntimeError):
            thread.start()
            self._returning = thread

    def _return_idle(self, closing: threading.Event) -> None:
        while not closing.wait(IDLE_SECONDS / 2):
            self._give_back(only_idle=True)
            with self._lock:
                if self._closing is closing and not any(lease.left for lease in self._of(_minute()).values()):
                    self._returning = None
                    return

    def _give_back(self, *, only_idle: bool) -> None:
        unused = []
        with self._lock:
            for counter, lease in self._of(_minute()).items():
                if lease.left and (lease.is_idle or not only_idle):
                    unused.append((counter, lease.tenant, lease.left))
                    lease.left = 0
        for counter, tenant, left in unused:
            # Should that fail they are lost until the minute is over, and no report is let through too many.
            with suppress(LogsterError):
                tenant.run_all([script("return_beacon").words([counter], [], {"unused": left})])


def _minute() -> int:
    return int(time.time() // 60)


_all: "weakref.WeakSet[Leases]" = weakref.WeakSet()


def _after_fork() -> None:
    # The permits are the parent's, and so is the thread; the lock may have been held by another one.
    for leases in list(_all):
        leases._reset()


after_fork(_after_fork)
