"""Turns reports into what an entry's hash holds, and back. Owns the stored form; does not talk to Redis."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from logster.entry import Entry, Env, ExceptionInfo, Frame, Occurrence, level_name
from logster.store import details

LIST_FIELDS = (
    *("level", "logger", "message", "first_message", "template", "count", "first", "last", "type", "location"),
    *("source", "versions", "protected", "solved", "regressed"),
)
ENTRY_FIELDS = (*LIST_FIELDS, "details", "text")
FLAGS = ("protected", "solved", "regressed")

_LONGEST_VERSION = 100

_encoder = msgspec.json.Encoder()
_frame = msgspec.json.Decoder(Frame)
_value = msgspec.json.Decoder()
_level = lru_cache(maxsize=256)(level_name)
_NO_DETAILS = details.Details()


def encode_details(occurrence: Occurrence, text: bytes) -> bytes:
    """Return exception and traceback; `text` is the search text as it is stored with them."""
    return details.encode(occurrence.exception, occurrence.traceback, text)


def search_text(occurrence: Occurrence) -> bytes:
    """Return what a search looks at, in ASCII lower case: the traceback, then what it does not say already."""
    traceback = lower(occurrence.traceback)
    others: list[bytes] = []
    for part in (occurrence.message, occurrence.exception_type, occurrence.template, occurrence.logger):
        lowered = lower(part)
        if lowered not in traceback and not any(lowered in other for other in others):
            others.append(lowered)
    return b"\n".join([traceback, *others])


def lower(text: str) -> bytes:
    """Return a text as Lua's lower() would: it knows no letters but those of ASCII."""
    return text.encode("utf-8", "replace").lower()


def encode_location(location: Frame | None, exception: ExceptionInfo | None) -> bytes:
    """Return a place; one that is a frame of the exception has that frame's number before it, and no lines."""
    if location is None:
        return b""
    if exception is None or location not in exception.frames:
        return _json(location)
    bare = msgspec.structs.replace(location, source="", before=(), after=(), locals=None)
    return b"%d" % exception.frames.index(location) + _json(bare)


def decode_location(stored: bytes | None, exception: ExceptionInfo | None) -> Frame | None:
    """Return a place; lines of a frame of the exception are known only where that is given."""
    if not stored:
        return None
    start = stored.index(b"{")
    return exception.frames[int(stored[:start])] if start and exception else _frame.decode(stored[start:])


def encode_version(version: str) -> str:
    """Return a version as one line of bounded length: several are kept as lines."""
    return " ".join(version.split())[:_LONGEST_VERSION]


def decode_entry(key: str, values: Sequence[bytes | None], env_count: int) -> Entry:
    """Return the entry whose ENTRY_FIELDS, or LIST_FIELDS only, are `values`."""
    # A page has many rows: their fields are unpacked in order, not looked up by name.
    level, logger, message, first_message, template, count, first, last, type_, location, *others = values
    source, versions, protected, solved, regressed, *written = others
    number = int(level or 0)
    found = details.decode(*written) if written else _NO_DETAILS
    text = _text(message)
    return Entry(
        key=key,
        level=_level(number),
        level_number=number,
        logger=_text(logger),
        message=text,
        first_message=_text(first_message) if first_message else text,
        template=_text(template),
        count=int(count or 0),
        first_seen=int(first or 0),
        last_seen=int(last or 0),
        exception_type=_text(type_),
        location=decode_location(location, found.exception),
        source=_text(source),
        versions=_text(versions).splitlines() if versions else [],
        flags=_flags(protected, solved, regressed) if protected or solved or regressed else [],
        exception=found.exception,
        traceback=found.traceback,
        env_count=env_count,
    )


def encode_env(env: Env) -> str:
    """Return an env as lines of `"key":json`; no quotes within a key, so that Lua can tell where it ends."""
    return "\n".join(f"{_key(key)}:{_json(value).decode()}" for key, value in env.items())


def decode_env(base: str, sample: str) -> Env:
    """Return the env that was stored as its difference from `base`, with its time."""
    time, *lines = sample.split("\n")
    env = _lines(base.split("\n"))
    for line in lines:
        if line.startswith("-"):
            env.pop(_value.decode(line[1:]), None)
    env |= _lines(line for line in lines if not line.startswith("-"))
    return env | {"time": int(time)}


def decode_envs(base: bytes | None, samples: Sequence[bytes]) -> list[Env]:
    """Return an entry's env samples as they were before they were stored."""
    whole = _text(base)
    return [decode_env(whole, _text(sample)) for sample in samples]


def _flags(*stored: bytes | None) -> list[str]:
    return [flag for flag, is_set in zip(FLAGS, stored, strict=True) if is_set]


def _json(value: object) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace")


def _lines(lines: Any) -> Env:
    return _value.decode("{" + ",".join(line for line in lines if line) + "}")  # type: ignore[no-any-return]


@lru_cache(maxsize=1_000)
def _key(key: str) -> str:
    return '"' + _json(key).decode()[1:-1].replace("\\\\", "\\u005c").replace('\\"', "\\u0022") + '"'


def _text(stored: bytes | None) -> str:
    return stored.decode("utf-8", "replace") if stored else ""
