"""Hub: one subscription to Redis for each process and namespace, however many pages listen.

Owns the threads that wait for Redis, and what becomes of a listener that is too slow. Knows no HTTP.
"""

import asyncio
import logging
import os
import threading
import time
from types import TracebackType
from typing import Any

import msgspec

from logster.errors import LogsterError
from logster.store.redis_store import RedisStore

BATCH_SECONDS = 0.1
# Listeners who hear of something new ask for it: where there are many they are told one after the other.
TOLD_AT_ONCE = 10
PAUSE_SECONDS = 0.02
RETRY_SECONDS = 1.0
MAX_BATCH = 100
MAX_WAITING = 20

_logger = logging.getLogger("logster.viewer")


def message(kind: str, value: Any = None) -> bytes:
    """Return a server-sent event."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode(value))


# What a listener gets that must look again at everything, and one that has to wait for Redis.
REFRESH = message("refresh")
AWAY = message("away")


class Subscriber:
    """One listener, on the event loop that made it; receives while it is entered as a context."""

    def __init__(self, channel: "Channel") -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)

    def __enter__(self) -> "Subscriber":
        self._channel.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._channel.remove(self)

    async def receive(self) -> bytes:
        """Return the next message."""
        return await self._waiting.get()

    def send(self, message: bytes) -> None:
        """Hand over a message, from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._put, message)
        except RuntimeError:
            self._channel.remove(self)  # its loop is closed

    def _put(self, message: bytes) -> None:
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            message = REFRESH
        self._waiting.put_nowait(message)


class Channel:
    """The listeners of one namespace, and the thread that hears for them; it ends when the last one leaves."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._subscribers: set[Subscriber] = set()
        self._thread: threading.Thread | None = None
        self._greeting = b""

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def add(self, subscriber: Subscriber) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="logster-events", daemon=True)
                thread.start()  # where there are no more threads, the next one to listen tries again
                self._thread = thread
            self._subscribers.add(subscriber)
            if self._greeting:
                subscriber.send(self._greeting)

    def remove(self, subscriber: Subscriber) -> None:
        with self._lock:
            self._subscribers.discard(subscriber)

    def _run(self) -> None:
        while self._is_wanted():
            try:
                self._hear()
            except LogsterError:
                self._greet(AWAY)
                time.sleep(RETRY_SECONDS)
            except Exception:
                _logger.exception("The live view's subscription failed; trying again")
                time.sleep(RETRY_SECONDS)

    def _hear(self) -> None:
        with self._store.listen(idle_seconds=BATCH_SECONDS) as changes:
            # What happened before, nobody told.
            self._greet(REFRESH)
            batch: dict[str, dict[str, Any]] = {}
            published = 0.0
            for change in changes:
                if change["kind"] != "idle":
                    batch[change.get("key", "")] = _merged(batch.get(change.get("key", "")), change)
                if batch and time.monotonic() - published >= BATCH_SECONDS:
                    self._publish(REFRESH if len(batch) > MAX_BATCH else message("change", list(batch.values())))
                    published = time.monotonic()
                    batch = {}
                if not self._subscribers:
                    return

    def _is_wanted(self) -> bool:
        with self._lock:
            if not self._subscribers:
                self._thread = None
                self._greeting = b""
            return self._thread is not None

    def _greet(self, message: bytes) -> None:
        """Tell how things stand: to who listens, and to each who comes later."""
        with self._lock:
            self._greeting = message
        self._publish(message)

    def _publish(self, message: bytes) -> None:
        with self._lock:
            subscribers = list(self._subscribers)
        for number, subscriber in enumerate(subscribers):
            if number and number % TOLD_AT_ONCE == 0:
                time.sleep(PAUSE_SECONDS)
            subscriber.send(message)


class Hub:
    """The channels of this process."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[tuple[RedisStore, str], Channel] = {}
        self._pid = os.getpid()

    def subscriber(self, store: RedisStore, namespace: str) -> Subscriber:
        """Return a listener to what changes in `namespace`."""
        if self._pid != os.getpid():
            self._start()  # threads do not survive a fork, and locks may have been held in it
        with self._lock:
            channel = self._channels.get((store, namespace))
            if channel is None:
                self._channels = {key: known for key, known in self._channels.items() if known.is_running}
                channel = self._channels[store, namespace] = Channel(store.at(namespace))
            return Subscriber(channel)


def _merged(earlier: dict[str, Any] | None, later: dict[str, Any]) -> dict[str, Any]:
    """Return one change for two of the same entry: the later one, new if either was."""
    if earlier and earlier.get("new") and later["kind"] == "report":
        return later | {"new": True}
    return later


HUB = Hub()
