"""The words of the design as types: frame, exception, occurrence, report, entry.

Owns what travels from capture through delivery to the store and back to the viewer. Knows neither Python's
logging nor Redis nor the web.
"""

import bisect
from typing import Any, Literal

import msgspec

LEVELS: dict[int, str] = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
LEVEL_NUMBERS: dict[str, int] = {name: number for number, name in LEVELS.items()}

_FLOORS = sorted(LEVELS)

Env = dict[str, Any]


def level_floor(number: int) -> int:
    """Return the standard level at or below `number`; what stands below DEBUG counts as DEBUG."""
    position = bisect.bisect_right(_FLOORS, number)
    return _FLOORS[max(position - 1, 0)]


def level_name(number: int) -> str:
    """Return the name under which a level is shown: that of the nearest standard level below it."""
    return LEVELS[level_floor(number)]


class Frame(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One place in a traceback: `source` is the line itself, `before` and `after` the lines around it."""

    file: str
    function: str = ""
    line: int = 0
    module: str = ""
    source: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    in_app: bool = False
    column: int = 0
    locals: dict[str, str] | None = None


class ExceptionInfo(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An exception with its frames, outermost call first, and the exceptions it grew out of.

    `cause` is the exception printed before this one; `relation` says how the two belong together: this one was
    raised *from* it ("cause"), or while it was being handled ("context"). `exceptions` are the members of an
    exception group. `omitted` counts frames that were left out of a very deep stack, after position `omitted_at`.
    """

    type: str
    message: str = ""
    frames: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    cause: "ExceptionInfo | None" = None
    relation: Literal["cause", "context", ""] = ""
    exceptions: tuple["ExceptionInfo", ...] = ()
    omitted: int = 0
    omitted_at: int = 0


class Occurrence(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One report, rendered, redacted and bounded: what the worker makes of a snapshot.

    Timestamps are milliseconds since the epoch. `key` is the hash of the fingerprint. `location` is the place a
    reader wants to see first: the innermost in-app frame, or the call of the logging method.
    """

    key: str
    level: int
    logger: str
    message: str
    timestamp_ms: int
    template: str = ""
    exception: ExceptionInfo | None = None
    traceback: str = ""
    location: Frame | None = None
    env: Env = {}
    version: str = ""
    source: Literal["python", "javascript", "browser", "sentry", "import"] = "python"
    namespace: str = "default"
    count: int = 1

    @property
    def exception_type(self) -> str:
        return self.exception.type if self.exception else ""


class Report(msgspec.Struct, frozen=True, gc=False):
    """Equal occurrences that the worker coalesced into one write.

    `latest` is the newest of them, `first_message` the oldest's message, `envs` their newest env samples with
    when they were seen (milliseconds), oldest first. `sender` and `sequence` make the write idempotent: the
    store applies a sender's sequence number once, however often it arrives. An empty sender opts out.
    """

    latest: Occurrence
    count: int
    first_ms: int
    last_ms: int
    first_message: str
    envs: tuple[tuple[int, Env], ...] = ()
    sender: str = ""
    sequence: int = 0


class Group(msgspec.Struct, frozen=True):
    """What a row stands for: all entries that a grouping pattern matches, `count` of them.

    `members` are the keys of the newest, newest first: ten in a list, a hundred where the group alone was asked for.
    """

    pattern: str
    count: int
    members: list[str]


class Entry(msgspec.Struct, frozen=True, omit_defaults=False):
    """The stored, deduplicated row as the viewer and the HTTP API show it. Times are milliseconds since the epoch.

    Pages share the entries that did not change meanwhile, so nothing may change one, nor a list in it.

    In lists `exception`, `traceback` and `env` are left out (None, empty), because a list must cost its page only.
    A row with a `group` shows its newest member's message; its count is that of all members' occurrences.
    """

    key: str
    level: str
    level_number: int
    logger: str
    message: str
    first_message: str
    template: str
    count: int
    first_seen: int
    last_seen: int
    exception_type: str
    location: Frame | None
    source: str
    versions: list[str]
    flags: list[str]
    exception: ExceptionInfo | None = None
    traceback: str = ""
    env_count: int = 0
    env: list[Env] | None = None
    group: Group | None = None

    def has(self, flag: str) -> bool:
        """Return whether `flag` ("protected", "solved", "regressed") is set."""
        return flag in self.flags


class Page(msgspec.Struct):
    """A stretch of the list, newest first. `next` continues to older rows, `previous` to newer ones.

    `total` counts all rows that match, or is None where counting would have cost more than the page.
    """

    entries: list[Entry]
    next: str | None = None
    previous: str | None = None
    total: int | None = None


class Bucket(msgspec.Struct):
    """Occurrences between `start` (milliseconds since the epoch) and the next bucket, by level name."""

    start: int
    counts: dict[str, int]
