"""An entry as the store keeps it ⇄ its record in an archive, exactly. Does not talk to Redis."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from logster.entry import Env, Occurrence
from logster.fingerprint import VERSION
from logster.patterns import raised
from logster.store import codec, details, frames
from logster.store.archive import SAID, ArchivedEntry, Mark, Sample, bytes_of, text_of
from logster.store.script import Word

HOUR_MS = 3_600_000
MINUTE_MS = 60_000

_FLAGS = ("protected", "solved", "regressed")

_value = msgspec.json.Decoder(Env)


def record_of(found: Sequence[Any]) -> ArchivedEntry:
    """Return the record of an entry that export.lua read."""
    key, words, samples, timeline, mark_end, mark_versions, bodies = found
    fields = {name.decode(): value for name, value in by_twos(words)}
    is_shared = fields.pop("stack", None) is not None
    found_details = details.decode(fields.get("details"), fields.get("text"), list(map(frames.decode, bodies)))
    message = _text(fields.get("message"))
    first_message = _text(fields.get("first_message"))
    base = _text(fields.get("env_base"))
    env = [_sample(base, _text(each)) for each in samples]
    known_base = _env(base.split("\n")) if base else None
    record = ArchivedEntry(
        key=key.decode(),
        level=int(fields["level"]),
        logger=_text(fields.get("logger")),
        message=message,
        count=int(fields["count"]),
        first_seen=int(fields["first"]),
        last_seen=int(fields["last"]),
        first_message=first_message,
        template=_text(fields.get("template")),
        exception=found_details.exception,
        traceback=found_details.traceback,
        location=codec.decode_location(fields.get("location"), found_details.exception),
        source=_text(fields.get("source")) or "python",  # type: ignore[arg-type]
        versions=_text(fields.get("versions")).splitlines(),
        protected="protected" in fields,
        solved="solved" in fields,
        regressed="regressed" in fields,
        mark=mark_of(mark_end, mark_versions),
        timeline=[(int(bucket) * HOUR_MS, int(count)) for bucket, count in sorted(by_twos(timeline), key=_number)],
        env=env,
        env_base=None if known_base is None or (env and env[-1].env == known_base) else known_base,
    )
    if is_shared:
        fields["text"] = _whole_text(record, fields.get("text", b""))
    return msgspec.structs.replace(record, stored=_unsaid(record, fields))


def fields_of(record: ArchivedEntry) -> dict[str, bytes]:
    """Return the hash of the entry that a record describes."""
    occurrence = _occurrence(record)
    text = _kept(record, "text", codec.search_text(occurrence))
    base = _base(record)
    fields: dict[str, Any] = {
        "level": record.level,
        "logger": record.logger,
        "message": record.message,
        "first_message": record.first_message,
        "template": record.template,
        "type": occurrence.exception_type,
        "raised": raised(msgspec.structs.replace(occurrence, message=record.message)),
        "location": codec.encode_location(record.location, record.exception),
        "details": codec.encode_details(occurrence, text),
        "text": text,
        "source": record.source,
        "versions": "\n".join(codec.encode_version(version) for version in record.versions),
        "count": record.count,
        "first": record.first_seen,
        "last": record.last_seen,
        "fingerprint": VERSION,
        "env_base": "" if base is None else codec.encode_env(base),
        **{flag: 1 for flag in _FLAGS if getattr(record, flag)},
    }
    encoded = {name: _bytes(value) for name, value in fields.items() if value != "" and value != b""}
    for name, stored in record.stored.items():
        if stored is None:
            encoded.pop(name, None)
        else:
            encoded[name] = bytes_of(stored)
    return encoded


def _whole_text(record: ArchivedEntry, own: bytes) -> bytes:
    """Return the search text of an entry that shares frames as if it shared none: what it says itself, and all else."""
    whole = codec.search_text(_occurrence(record))
    said = whole.split(b"\n")
    left = [line for line in own.split(b"\n") if line and line not in said]
    return b"\n".join([whole, *left])


def _kept(record: ArchivedEntry, name: str, made: bytes) -> bytes:
    """Return a field as the store had it, where that is not what one would make of the record."""
    kept = record.stored.get(name, made)
    return kept if isinstance(kept, bytes) else bytes_of(kept or "")


def env_text_of(record: ArchivedEntry) -> bytes:
    """Return what a search looks at in the first env of a record."""
    base = _base(record)
    return codec.env_text(base) if base else b""


def words_of(record: ArchivedEntry) -> tuple[list[Word], list[Word], list[Word]]:
    """Return the fields, timeline and samples of a record as import.lua takes them."""
    fields: list[Word] = [word for pair in fields_of(record).items() for word in pair]
    timeline: list[Word] = [word for start, count in record.timeline for word in (start // HOUR_MS, count)]
    samples: list[Word] = [word for each in record.env for word in (each.time, codec.encode_env(each.env))]
    return fields, timeline, samples


def mark_of(end: bytes | None, versions: bytes | None) -> Mark | None:
    """Return the solved mark that the store keeps in two places."""
    return None if end is None else Mark(int(float(end)), _text(versions).splitlines())


def by_twos(words: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return a flat answer of Redis as pairs."""
    return list(zip(words[::2], words[1::2], strict=True))


def _unsaid(record: ArchivedEntry, fields: Mapping[str, bytes]) -> dict[str, str | None]:
    """Return the fields that would not come out of the record as they are."""
    made = fields_of(record)
    return {
        name: text_of(fields[name]) if name in fields else None
        for name in sorted(made.keys() | fields.keys())
        if name not in SAID and made.get(name) != fields.get(name)
    }


def _occurrence(record: ArchivedEntry) -> Occurrence:
    """Return the occurrence that made the entry, as far as the store kept it."""
    return Occurrence(
        key=record.key,
        level=record.level,
        logger=record.logger,
        message=record.first_message or record.message,
        timestamp_ms=record.last_seen,
        template=record.template,
        exception=record.exception,
        traceback=record.traceback,
    )


def _base(record: ArchivedEntry) -> Env | None:
    if record.env_base is not None:
        return record.env_base
    return record.env[-1].env if record.env else None


def _sample(base: str, sample: str) -> Sample:
    """Return a sample with what it shares with the base first, so that the rest keeps its order."""
    time, *lines = sample.split("\n")
    env = _env(base.split("\n"))
    for line in lines:
        if line.startswith("-"):
            env.pop(msgspec.json.decode(line[1:]), None)
    own = _env([line for line in lines if not line.startswith("-")])
    return Sample(int(time), {key: value for key, value in env.items() if key not in own} | own)


def _env(lines: Sequence[str]) -> Env:
    return _value.decode("{" + ",".join(line for line in lines if line) + "}")


def _number(pair: tuple[bytes, bytes]) -> int:
    return int(pair[0])


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def _text(stored: bytes | None) -> str:
    return stored.decode("utf-8", "replace") if stored else ""
