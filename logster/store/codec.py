"""Turns reports into what an entry's hash holds, and back. Owns the stored form; does not talk to Redis."""

import json
import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from logster.entry import Entry, Env, ExceptionInfo, Frame, Occurrence, level_name

LIST_FIELDS = (
    *("level", "logger", "message", "first_message", "template", "count", "first", "last", "type", "location"),
    *("source", "versions", "protected", "solved", "regressed"),
)
ENTRY_FIELDS = (*LIST_FIELDS, "details")
FLAGS = ("protected", "solved", "regressed")

_LONGEST_VERSION = 100
_COMPRESSED = b"z"
_PLAIN = b"j"


class Details(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """What only the page of one entry shows. Kept together, because each repeats most of the other when compressed."""

    exception: ExceptionInfo | None = None
    traceback: str = ""


_encoder = msgspec.json.Encoder()
_details = msgspec.json.Decoder(Details)
_frame = msgspec.json.Decoder(Frame)
_value = msgspec.json.Decoder()


def encode_details(occurrence: Occurrence) -> bytes:
    """Return exception and traceback, compressed where that pays."""
    if occurrence.exception is None and not occurrence.traceback:
        return b""
    plain = _json(Details(occurrence.exception, occurrence.traceback))
    packed = zlib.compress(plain, 6)
    return _COMPRESSED + packed if len(packed) < len(plain) else _PLAIN + plain


def decode_details(stored: bytes | None) -> Details:
    """Return what `encode_details` was given."""
    if not stored:
        return Details()
    return _details.decode(zlib.decompress(stored[1:]) if stored[:1] == _COMPRESSED else stored[1:])


def search_text(occurrence: Occurrence) -> str:
    """Return what a search looks at, lowercase: each part once, though most tracebacks hold the message too."""
    text = occurrence.traceback.lower()
    for part in (occurrence.exception_type, occurrence.message, occurrence.template, occurrence.logger):
        if (lowered := part.lower()) not in text:
            text = f"{lowered}\n{text}"
    return text


def encode_location(location: Frame | None) -> bytes:
    return _json(location) if location else b""


def encode_version(version: str) -> str:
    """Return a version as one line of bounded length: several are kept as lines."""
    return " ".join(version.split())[:_LONGEST_VERSION]


def decode_entry(key: str, values: Sequence[bytes | None], env_count: int) -> Entry:
    """Return the entry whose ENTRY_FIELDS, or LIST_FIELDS only, are `values`."""
    stored = dict(zip(ENTRY_FIELDS, values, strict=False))
    level = int(stored["level"] or 0)
    message = _text(stored["message"])
    details = decode_details(stored.get("details"))
    return Entry(
        key=key,
        level=level_name(level),
        level_number=level,
        logger=_text(stored["logger"]),
        message=message,
        first_message=_text(stored["first_message"]) or message,
        template=_text(stored["template"]),
        count=int(stored["count"] or 0),
        first_seen=int(stored["first"] or 0),
        last_seen=int(stored["last"] or 0),
        exception_type=_text(stored["type"]),
        location=_frame.decode(stored["location"]) if stored["location"] else None,
        source=_text(stored["source"]),
        versions=_text(stored["versions"]).splitlines(),
        flags=[flag for flag in FLAGS if stored[flag]],
        exception=details.exception,
        traceback=details.traceback,
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


def _json(value: object) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace")


def _lines(lines: Any) -> Env:
    return _value.decode("{" + ",".join(line for line in lines if line) + "}")  # type: ignore[no-any-return]


def _key(key: str) -> str:
    return '"' + _json(key).decode()[1:-1].replace("\\\\", "\\u005c").replace('\\"', "\\u0022") + '"'


def _text(stored: bytes | None) -> str:
    return stored.decode("utf-8", "replace") if stored else ""
