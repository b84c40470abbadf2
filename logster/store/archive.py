"""The form of an archive: JSON Lines, one record a line, which hold all that a namespace keeps.

Owns what a line may say and how it is checked. Neither talks to Redis nor knows files.
"""

from base64 import b64decode, b64encode
from typing import Annotated, Literal

import msgspec

from logster.entry import LEVELS, Env, ExceptionInfo, Frame
from logster.errors import InvalidArchive, InvalidPattern
from logster.patterns import parse

FORMAT = 1
LONGEST_LINE = 64 * 1024 * 1024

# Fields of the store that a record says in its own words, or that may be compressed by another version of zlib.
SAID = frozenset(
    (
        *("level", "count", "first", "last", "location", "details", "env_base", "versions", "group", "varied"),
        *("stack", "protected", "solved", "regressed"),
    )
)

Natural = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Positive = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Key = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Name = Annotated[str, msgspec.Meta(pattern=r"\A[a-z_]{1,40}\Z")]
Counts = list[tuple[Natural, Natural]]
"""Pairs of when a bucket begins, in milliseconds since the epoch, and what was counted in it."""


class Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, tag_field="kind"):
    """One line. What has its default is left out."""


class Header(Record, frozen=True, tag="logster"):
    """The first line: what this is, and where it comes from."""

    format: int
    schema: int
    namespace: str
    created_ms: Natural
    version: str = ""


class Pattern(Record, frozen=True, tag="pattern"):
    """A suppression or grouping pattern, and how often it hit."""

    purpose: Literal["suppression", "grouping"]
    pattern: str
    count: Natural = 0
    source: Literal["ui", "code"] = "ui"
    by: str = ""
    created_ms: Natural = 0

    def __post_init__(self) -> None:
        if self.source == "ui":
            check_pattern(self.pattern)
        elif self.purpose != "suppression":
            raise ValueError("purpose: an app's own code has rules for suppression only")


class Mark(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Says in which versions an entry is solved, and until when that holds."""

    until_ms: Natural
    versions: list[str] = []


class Sample(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An env sample and when it was taken."""

    time: Natural
    env: Env = {}


class ArchivedEntry(Record, frozen=True, tag="entry"):
    """An entry with all that belongs to it; env samples newest first, as everywhere.

    `stored` holds what the store keeps beside and cannot be worked out from the rest.
    """

    key: Key
    level: Natural
    logger: str
    message: str
    count: Positive
    first_seen: Natural
    last_seen: Natural
    first_message: str = ""
    template: str = ""
    exception: ExceptionInfo | None = None
    traceback: str = ""
    location: Frame | None = None
    source: Literal["python", "javascript", "browser", "sentry", "import"] = "python"
    versions: list[str] = []
    protected: bool = False
    solved: bool = False
    regressed: bool = False
    mark: Mark | None = None
    timeline: Counts = []
    env: list[Sample] = []
    env_base: Env | None = None
    stored: dict[Name, str | None] = {}

    def __post_init__(self) -> None:
        if self.first_seen > self.last_seen:
            raise ValueError("first_seen is later than last_seen")
        for name, text in self.stored.items():
            if name in SAID:
                raise ValueError(f"stored: {name!r} is said by a field of its own")
            if text is not None:
                bytes_of(text)


class ArchivedMark(Record, frozen=True, tag="mark"):
    """The solved mark of an entry that is gone; it holds should the entry come back."""

    key: Key
    mark: Mark


class Timeline(Record, frozen=True, tag="timeline"):
    """How many occurrences of a level there were in each bucket of time."""

    resolution: Literal["hour", "minute"]
    level: Natural
    counts: Counts

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"level is {self.level}; allowed are {', '.join(map(str, LEVELS))}")


class Change(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who changed what."""

    time_ms: Natural
    kind: str
    by: str = ""
    subject: str = ""


class History(Record, frozen=True, tag="history"):
    """The changes that are remembered, newest first."""

    changes: list[Change]


class Counters(Record, frozen=True, tag="counters"):
    """What else the store counts."""

    counts: dict[Name, Natural]


class End(Record, frozen=True, tag="end"):
    """The last line: without it, some of the archive is missing."""

    entries: Natural


AnyRecord = Header | Pattern | ArchivedEntry | ArchivedMark | Timeline | History | Counters | End

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def encode(record: Record) -> bytes:
    """Return a record as a line."""
    return _encoder.encode(record) + b"\n"


def decode(line: bytes, number: int) -> AnyRecord:
    """Return what a line holds.

    Raises:
        InvalidArchive: the line is no record; says which line, where in it, and why.
    """
    if len(line) > LONGEST_LINE:
        raise InvalidArchive(number, f"it is longer than {LONGEST_LINE:,} bytes")
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError as error:
        raise InvalidArchive(number, _reason(error)) from None
    except msgspec.DecodeError as error:
        raise InvalidArchive(number, f"it is not JSON: {error}") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise InvalidArchive(number, f"it cannot be read: {type(error).__name__}") from None


def check_pattern(text: str) -> None:
    """Raise ValueError unless a pattern is one, in the form in which patterns are kept."""
    try:
        kept = parse(text).text
    except InvalidPattern as error:
        raise ValueError(f"pattern: {str(error).rstrip('.')}") from None
    if kept != text:
        raise ValueError(f"pattern: {text!r} is to be written {kept!r}")


def text_of(value: bytes) -> str:
    """Return any stored bytes as text that `bytes_of` understands."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "base64:" + b64encode(value).decode()
    return "text:" + text if text.startswith(("base64:", "text:")) else text


def bytes_of(text: str) -> bytes:
    """Return the bytes that `text_of` was given."""
    if text.startswith("base64:"):
        try:
            return b64decode(text.removeprefix("base64:"), validate=True)
        except ValueError as error:
            raise ValueError(f"stored: {text[:40]!r} is not Base64: {error}") from None
    return text.removeprefix("text:").encode("utf-8", "replace")


def _reason(error: Exception) -> str:
    reason, _, path = str(error).partition(" - at `$")
    field = path.strip("`. ")
    reason = reason[:1].lower() + reason[1:]
    return f"{field}: {reason}" if field else reason
