"""Attempts: how often an address may try a secret in a minute, counted in each process."""

import math
import threading
import time

from starlette.requests import Request

from logster.capture.request import client_address
from logster.viewer.problems import Problem
from logster.viewer.quota import MAX_ADDRESSES, sender_of
from logster.viewer.visit import visit_of

PER_MINUTE = 10
TOO_MANY = "Too many attempts from this address. Wait a minute, and try again."


class Attempts:
    """Counts wrong attempts per address and minute; IPv6 addresses by their /64.

    An attempt counts from when it begins, so that many at the same time gain nothing, and a right one is given back.
    A bounded number of addresses is known; while it is full, those that are not known must wait.
    """

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._minute = 0

    def begin(self, request: Request) -> str:
        """Count an attempt of the client, and return the name it is counted under.

        Raises:
            Problem: 429, the client had its attempts in this minute.
        """
        sender = _sender(request)
        now = time.monotonic()
        with self._lock:
            if int(now // 60) != self._minute:
                self._minute = int(now // 60)
                self._counts = {}
            count = self._counts.get(sender, 0)
            if count >= self._per_minute or (not count and len(self._counts) >= MAX_ADDRESSES):
                headers = {"Retry-After": str(math.ceil(60 - now % 60))}
                raise Problem(429, TOO_MANY, title="Too many attempts", headers=headers)
            self._counts[sender] = count + 1
        return sender

    def forgive(self, sender: str) -> None:
        """Give the attempt back: it was right."""
        with self._lock:
            if self._counts.get(sender):
                self._counts[sender] -= 1


def _sender(request: Request) -> str:
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return sender_of(client_address(peer, forwarded, visit_of(request).settings.trusted_hops))
