"""Turns reports into what an entry's hash holds, and back. Owns the stored form; does not talk to Redis."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from logster.entry import Entry, Env, ExceptionInfo, Frame, Occurrence, level_name
from logster.search.subject import Sample, leaves, names
from logster.store import details
from logster.store.frames import Stack

LIST_FIELDS = (
    *("level", "logger", "message", "first_message", "template", "count", "first", "last", "type", "location"),
    *("source", "versions", "protected", "solved", "regressed"),
)
ENTRY_FIELDS = (*LIST_FIELDS, "details", "text", "stack")
FLAGS = ("protected", "solved", "regressed")
_LOCATION = LIST_FIELDS.index("location")

_LONGEST_VERSION = 100
_BETWEEN = b"\n\0\n"

_encoder = msgspec.json.Encoder()
_frame = msgspec.json.Decoder(Frame)
_value = msgspec.json.Decoder()
_level = lru_cache(maxsize=256)(level_name)
# The same entries are listed again and again, and a frame never changes.
_place = lru_cache(maxsize=512)(_frame.decode)


class Said(NamedTuple):
    """What an entry says, as it is stored: its details, its search text, and the stack that is kept elsewhere."""

    details: bytes
    text: bytes
    stack: Stack | None = None


def encode(occurrence: Occurrence, is_shared: details.Choice) -> Said:
    """Return exception and traceback with the search text, a stack that is shared apart from both."""
    separated = details.separate(occurrence.exception, occurrence.traceback, is_shared)
    if separated is None or occurrence.exception is None:
        text = search_text(occurrence)
        return Said(encode_details(occurrence, text), text)
    text = _search_text(occurrence, "".join(separated.parts))
    return Said(details.encode_around(occurrence.exception, separated, text), text, separated.stack)


def encode_details(occurrence: Occurrence, text: bytes) -> bytes:
    """Return exception and traceback whole; `text` is the search text as it is stored with them."""
    return details.encode(occurrence.exception, occurrence.traceback, text)


def search_text(occurrence: Occurrence) -> bytes:
    """Return what a search looks at, in ASCII lower case: the traceback, then what it does not say already."""
    return _search_text(occurrence, occurrence.traceback)


def _search_text(occurrence: Occurrence, said: str) -> bytes:
    traceback = lower(said)
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
    bare = replace(location, source="", before=(), after=(), locals=None)
    return b"%d" % exception.frames.index(location) + _json(bare)


def decode_location(stored: bytes | None, exception: ExceptionInfo | None) -> Frame | None:
    """Return a place; lines of a frame of the exception are known only where that is given."""
    if not stored:
        return None
    start = stored.index(b"{")
    return exception.frames[int(stored[:start])] if start and exception else _place(stored[start:])


def encode_version(version: str) -> str:
    """Return a version as one line of bounded length: several are kept as lines."""
    return " ".join(version.split())[:_LONGEST_VERSION]


def decode_entry(key: str, values: Sequence[bytes | None], env_count: int, frames: Sequence[Frame] = ()) -> Entry:
    """Return the entry whose ENTRY_FIELDS, or LIST_FIELDS only, are `values`; `frames` are those it shares."""
    *listed, stored, text, _ = values if len(values) > len(LIST_FIELDS) else (*values, None, None, None)
    entry = decode_row(key, listed, env_count)
    if stored:
        found = details.decode(stored, text, frames)
        location = decode_location(listed[_LOCATION], found.exception)
        return replace(entry, exception=found.exception, traceback=found.traceback, location=location)
    return entry


def decode_row(key: str, values: Sequence[bytes | None], env_count: int) -> Entry:
    """Return the entry whose LIST_FIELDS are `values`; a page has many, so they are unpacked in order and in place."""
    level, logger, message, first_message, template, count, first, last, type_, location = values[:10]
    source, versions, protected, solved, regressed = values[10:]
    number = int(level or 0)
    text = message.decode("utf-8", "replace") if message else ""
    return Entry(
        key,
        _level(number),
        number,
        logger.decode("utf-8", "replace") if logger else "",
        text,
        first_message.decode("utf-8", "replace") if first_message else text,
        template.decode("utf-8", "replace") if template else "",
        int(count or 0),
        int(first or 0),
        int(last or 0),
        type_.decode("utf-8", "replace") if type_ else "",
        _place(location[location.index(b"{") :]) if location else None,
        source.decode("utf-8", "replace") if source else "",
        versions.decode("utf-8", "replace").splitlines() if versions else [],
        _flags(protected, solved, regressed) if protected or solved or regressed else [],
        env_count=env_count,
    )


def encode_env(env: Env) -> str:
    """Return an env as lines of `"key":json`; no quotes within a key, so that Lua can tell where it ends."""
    return "\n".join(f"{_key(key)}:{_json(value).decode()}" for key, value in env.items())


def env_text(env: Env) -> bytes:
    """Return what a search looks at in an env, in ASCII lower case: its values a line each, then the names of all."""
    return part("\n".join([Sample(env).text, *names(env)])) if env else b""


def part(text: str) -> bytes:
    """Return a text in ASCII lower case that can stand before others in an entry's search text."""
    return lower(text).replace(_BETWEEN, b"\n \n")


def decode_envs(base: bytes | None, samples: Sequence[bytes]) -> list[Env]:
    """Return an entry's env samples as they were before they were stored as differences from `base`, with times."""
    whole = _object(_text(base).split("\n"))
    return [_decode_env(whole, _text(sample)) for sample in samples]


def _decode_env(base: str, sample: str) -> Env:
    time, *lines = sample.split("\n")
    env: Env = _value.decode(base)
    if lines:
        for line in lines:
            if line.startswith("-"):
                env.pop(_value.decode(line[1:]), None)
        env |= _value.decode(_object(line for line in lines if not line.startswith("-")))
    env["time"] = int(time)
    return env


def env_values(base: bytes, samples: Sequence[bytes]) -> bytes:
    """Return the values of env samples as they were stored, a line each or more; what several share stands there once.

    Most of an entry's samples are like its base but for a few values, and to decode each of them whole takes long.
    """
    lines = dict.fromkeys(base.split(b"\n"))
    for sample in samples:
        lines.update(dict.fromkeys(sample.split(b"\n")[1:]))
    pairs = _text(b"},{".join(line for line in lines if line and not line.startswith(b"-")))
    return "\n".join(leaves(_value.decode(f"[{{{pairs}}}]"))).encode(errors="surrogatepass")


def _flags(*stored: bytes | None) -> list[str]:
    return [flag for flag, is_set in zip(FLAGS, stored, strict=True) if is_set]


def _json(value: object) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace")


def _object(lines: Iterable[str]) -> str:
    return f"{{{','.join([line for line in lines if line])}}}"


@lru_cache(maxsize=1_000)
def _key(key: str) -> str:
    return '"' + _json(key).decode()[1:-1].replace("\\\\", "\\u005c").replace('\\"', "\\u0022") + '"'


def _text(stored: bytes | None) -> str:
    return stored.decode("utf-8", "replace") if stored else ""
