"""Carries alerts to channels on a thread of its own, so that a slow mail server never holds up a report."""

import math
import queue
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from logster.alerts.alert import KINDS, Alert, Kind
from logster.delivery.stderr import say
from logster.errors import ConfigurationError

_QUEUE_SIZE = 200


class Channel(Protocol):
    """What carries an alert to people. `send` may block and may raise."""

    def send(self, alert: Alert) -> None: ...


@dataclass(frozen=True)
class Subscription:
    """Which alerts a channel gets."""

    channel: Channel
    kinds: frozenset[Kind]
    minimum_level: int

    def wants(self, alert: Alert) -> bool:
        return alert.kind in self.kinds and alert.level >= self.minimum_level


class Dispatcher:
    """Sends alerts to the channels that want them; what the channels cannot take in time is dropped and counted."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._reset()

    def _reset(self) -> None:
        # Also in a forked child: its parent's thread and half-held locks do not exist there.
        self._queue: queue.Queue[Alert | None] = queue.Queue(_QUEUE_SIZE)
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()  # a signal's handler may end the program while this one is held
        self._failed: set[int] = set()
        self.dropped = 0
        self.sent = 0

    def add(
        self,
        channel: Channel,
        kinds: Iterable[Kind] = ("new", "regressed", "rate"),
        minimum_level: int = 40,
    ) -> None:
        """Send alerts of `kinds`, from `minimum_level` on, to `channel`.

        Raises:
            ConfigurationError: an unknown kind.
        """
        chosen = frozenset(kinds)
        if unknown := chosen - set(KINDS):
            raise ConfigurationError(f"There are no alerts of kind {sorted(unknown)}; kinds are {', '.join(KINDS)}.")
        self._subscriptions.append(Subscription(channel, chosen, minimum_level))

    def wants(self, kind: Kind) -> bool:
        """Return whether anyone would get alerts of `kind`, so that they need not be made for nobody."""
        return any(kind in subscription.kinds for subscription in self._subscriptions)

    def dispatch(self, alert: Alert) -> bool:
        """Hand over one alert without waiting; False when the queue was full and it was dropped."""
        if not any(subscription.wants(alert) for subscription in self._subscriptions):
            return True
        self._start()
        try:
            self._queue.put_nowait(alert)
        except queue.Full:
            self.dropped += 1
            return False
        return True

    def close(self, timeout: float) -> None:
        """Send what waits, for at most `timeout` seconds.

        Where no thread could be started it is sent here, and `timeout` is how long another sending is begun.
        """
        deadline = time.monotonic() + timeout
        if self._running() is None:
            self._send_waiting(deadline)
        if (thread := self._running()) is None:
            return
        try:
            self._queue.put(None, timeout=max(deadline - time.monotonic(), 0.0))
        except queue.Full:
            return
        thread.join(max(deadline - time.monotonic(), 0.0))

    def _running(self) -> threading.Thread | None:
        with self._lock:
            return self._thread if self._thread is not None and self._thread.is_alive() else None

    def _start(self) -> None:
        with self._lock:
            if self._running() is None and not sys.is_finalizing():  # start() would wait for ever
                thread = threading.Thread(target=self._run, name="logster-alerts", daemon=True)
                # No more threads, or no new ones as the program ends: it waits for the next alert, or for the end.
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        while (alert := self._queue.get()) is not None:
            self._deliver(alert)

    def _send_waiting(self, deadline: float) -> None:
        with suppress(queue.Empty):
            while time.monotonic() < deadline:
                if (alert := self._queue.get_nowait()) is not None:
                    self._deliver(alert, deadline)

    def _deliver(self, alert: Alert, deadline: float = math.inf) -> None:
        for subscription in self._subscriptions:
            if subscription.wants(alert) and time.monotonic() < deadline:
                self._send(subscription.channel, alert)

    def _send(self, channel: Channel, alert: Alert) -> None:
        try:
            channel.send(alert)
        except Exception as error:  # a channel is anybody's code, and an alert must never hurt the app
            self._say_once(channel, error)
        else:
            self.sent += 1
            self._failed.discard(id(channel))

    def _say_once(self, channel: Channel, error: Exception) -> None:
        if id(channel) in self._failed:
            return
        self._failed.add(id(channel))
        say(f"alerts do not reach {channel!r}: {type(error).__name__}: {error}")
