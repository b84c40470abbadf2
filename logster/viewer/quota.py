"""Quota: how many reports an address may send in a minute, counted in this process, for when Redis is away."""

import ipaddress
import threading
import time

MAX_ADDRESSES = 10_000


class Quota:
    """Counts per address and minute. Knows a bounded number of addresses; more than that must wait a minute."""

    def __init__(self, *, max_addresses: int = MAX_ADDRESSES) -> None:
        self._max_addresses = max_addresses
        self._lock = threading.Lock()
        self._minute = 0
        self._counts: dict[str, int] = {}

    def allow(self, address: str, limit: int, *, now: float | None = None) -> bool:
        """Count one more report of `address`, and return whether it is within `limit`."""
        minute = int((time.monotonic() if now is None else now) // 60)
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts = {}
            if address not in self._counts and len(self._counts) >= self._max_addresses:
                return False
            self._counts[address] = self._counts.get(address, 0) + 1
            return self._counts[address] <= limit


def sender_of(address: str) -> str:
    """Return under which name an address is counted: for IPv6 its /64, which is what one customer gets.

    A port, which some proxies append, is no part of the name, and a client of IPv4 has the same one where it comes by a
    socket for both families.
    """
    try:
        parsed = ipaddress.ip_address(_without_port(address))
    except ValueError:
        return "unknown"
    if parsed.version == 6 and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64))


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0] if "]" in address else ""
    return address.partition(":")[0] if address.count(":") == 1 else address
