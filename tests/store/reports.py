"""Builds reports for tests: each differs from the others by what the test names only."""

import time
from collections.abc import Sequence
from typing import Any

from logster.entry import Entry, Env, ExceptionInfo, Frame, Occurrence, Report
from logster.settings import Settings
from logster.store.redis_store import RedisStore

NOW = int(time.time() * 1_000)
"""One moment for the whole run: reports that name no time are of the same millisecond."""

EXCEPTION = ExceptionInfo(
    "ValueError", "no such thing", (Frame("app.py", "find", 12, "app", "raise ValueError(what)", ("def find():",)),)
)
TRACEBACK = 'Traceback (most recent call last):\n  File "app.py", line 12, in find\nValueError: no such thing'


def key_of(number: int) -> str:
    return f"{number:032x}"


def report(
    settings: Settings,
    number: int = 1,
    *,
    count: int = 1,
    last_ms: int = NOW,
    first_ms: int | None = None,
    envs: Sequence[Env] = (),
    sender: str = "",
    sequence: int = 0,
    **occurrence: Any,
) -> Report:
    """Return a report of entry `number`, by default an error reported once."""
    defaults = {"level": 40, "logger": "app.orders", "message": f"Order {number} failed"}
    latest = Occurrence(
        key=key_of(number),
        timestamp_ms=last_ms,
        namespace=settings.current_namespace(),
        **(defaults | occurrence),
    )
    return Report(
        latest=latest,
        count=count,
        first_ms=last_ms if first_ms is None else first_ms,
        last_ms=last_ms,
        first_message=latest.message,
        envs=tuple((last_ms, env) for env in envs),
        sender=sender,
        sequence=sequence,
    )


def there(store: RedisStore, number: int = 1) -> Entry:
    """Return entry `number`, which has to be there."""
    entry = store.entry(key_of(number))
    assert entry is not None
    return entry


def numbers(entries: Sequence[Entry]) -> list[int]:
    """Return the numbers of entries."""
    return [int(entry.key, 16) for entry in entries]
