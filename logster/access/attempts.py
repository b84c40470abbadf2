"""Attempts: how often an address may try a secret in a minute, counted by Redis for all processes together."""

import math
import threading
import time
from contextlib import suppress
from typing import NamedTuple

from starlette.requests import Request

from logster.capture.request import client_address
from logster.errors import LogsterError
from logster.viewer.problems import Problem
from logster.viewer.quota import MAX_ADDRESSES, sender_of
from logster.viewer.threads import in_thread
from logster.viewer.visit import visit_of

PER_MINUTE = 10
TOO_MANY = "Too many attempts from this address. Wait a minute, and try again."


class Attempt(NamedTuple):
    """One attempt: under which name and in which minute it was counted, and whether Redis counted it too."""

    sender: str
    minute: int
    is_shared: bool


class Attempts:
    """Counts wrong attempts per address and minute; IPv6 addresses by their /64.

    An attempt counts from when it begins, so that many at the same time gain nothing, and a right one is given back.
    Each process counts for itself first: what it refuses costs Redis nothing, no more than a bounded number of
    addresses is known to either, and while Redis is away, or counts each tenant alone, its own limit holds.
    While a process knows as many addresses as it may, those that are not known must wait.
    """

    def __init__(self, per_minute: int = PER_MINUTE) -> None:
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._minute = 0

    async def begin(self, request: Request) -> Attempt:
        """Count an attempt of the client, and return it.

        Raises:
            Problem: 429, the client had its attempts in this minute.
        """
        sender = _sender(request)
        now = time.time()
        minute = int(now // 60)
        is_shared = False
        allowed = self._count(sender, minute)
        if allowed:
            with suppress(LogsterError):
                store = visit_of(request).store
                is_shared = allowed = await in_thread(store.allow_attempt, sender, self._per_minute, minute)
        if not allowed:
            headers = {"Retry-After": str(math.ceil(60 - now % 60))}
            raise Problem(429, TOO_MANY, title="Too many attempts", headers=headers)
        return Attempt(sender, minute, is_shared)

    async def forgive(self, request: Request, attempt: Attempt) -> None:
        """Give the attempt back: it was right."""
        with self._lock:
            if self._minute == attempt.minute and self._counts.get(attempt.sender):
                self._counts[attempt.sender] -= 1
        if attempt.is_shared:
            # Should that fail it counts until the minute is over.
            with suppress(LogsterError):
                await in_thread(visit_of(request).store.forgive_attempt, attempt.sender, attempt.minute)

    def _count(self, sender: str, minute: int) -> bool:
        """Count an attempt in this process, and return whether it may be made."""
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._counts = {}
            count = self._counts.get(sender, 0)
            if count >= self._per_minute or (not count and len(self._counts) >= MAX_ADDRESSES):
                return False
            self._counts[sender] = count + 1
            return True


def _sender(request: Request) -> str:
    peer = request.client.host if request.client else ""
    forwarded = ",".join(request.headers.getlist("x-forwarded-for"))
    return sender_of(client_address(peer, forwarded, visit_of(request).settings.trusted_hops))
