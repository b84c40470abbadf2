"""One entry as a text, to be read or handed on elsewhere: plain, as Markdown, as JSON, as a command.

Owns what stands in each and in which order. What is secret was masked before it was stored.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from logster.entry import Entry, Env, ExceptionInfo, Frame
from logster.viewer.rendering import number, stamp
from logster.viewer.samples import without_time
from logster.viewer.stack import chain, culprit, short_path
from logster.viewer.title import title

_BACKTICKS = re.compile(r"`+")
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+!|~])")


@dataclass(frozen=True)
class Subject:
    """What a document is about: an entry, one of its env samples, its permalink, and where the app's code lies."""

    entry: Entry
    sample: Env | None
    link: str
    project_root: str = ""


def text(subject: Subject) -> str:
    """Return the entry as plain text."""
    entry = subject.entry
    parts = [entry.message.strip() or "(no message)", "\n".join(f"{name}: {value}" for name, value in _facts(subject))]
    if entry.traceback:
        parts.append(entry.traceback.strip("\n"))
    if subject.sample:
        parts.append(f"Env:\n{_json(without_time(subject.sample))}")
    return "\n\n".join(parts) + "\n"


def markdown(subject: Subject) -> str:
    """Return the entry as Markdown that says all an issue or a language model needs."""
    return "\n\n".join(_markdown(subject)) + "\n"


def _markdown(subject: Subject) -> Iterator[str]:
    entry = subject.entry
    heading = title(entry)
    yield f"# {_plain(heading.type + ': ' if heading.type and not heading.raised else '')}{_plain(heading.text)}"
    if heading.raised:
        yield f"{_code(heading.type)}: {_plain(heading.raised)}"
    yield "\n".join(f"- {name}: {value if name == 'Permalink' else _code(value)}" for name, value in _facts(subject))
    if "\n" in entry.message.strip():
        yield f"## Message\n\n{_fenced(entry.message.strip())}"
    if frame := culprit(entry):
        yield f"## Where\n\n{_place(frame, subject)}"
        if frame.source:
            yield _fenced(_marked_source(frame), _language(frame))
    if entry.exception and (entry.exception.cause or entry.exception.exceptions):
        yield "## Exceptions\n\n" + "\n".join(_tree(entry.exception))
    if entry.traceback:
        yield f"## Traceback\n\n{_fenced(entry.traceback.strip(chr(10)))}"
    if found := _locals(entry):
        yield f"## Local variables\n\n{_fenced(found)}"
    if subject.sample:
        yield f"## Env of the occurrence\n\n{_fenced(_json(without_time(subject.sample)), 'json')}"


def as_json(subject: Subject, samples: Sequence[Env]) -> bytes:
    """Return the entry as the HTTP API has it, with all of its env samples."""
    shown: dict[str, Any] = msgspec.structs.asdict(subject.entry)
    frames = subject.entry.exception.frames if subject.entry.exception else ()
    whole = shown | {"env": list(samples), "frames": frames, "link": subject.link}
    return msgspec.json.format(msgspec.json.encode(whole))


def _facts(subject: Subject) -> Iterator[tuple[str, str]]:
    entry = subject.entry
    yield "Level", entry.level.capitalize()
    yield "Logger", entry.logger
    yield "Count", number(entry.count)
    yield "First seen", stamp(entry.first_seen)
    yield "Last seen", stamp(entry.last_seen)
    if entry.versions:
        yield "Versions" if len(entry.versions) > 1 else "Version", ", ".join(entry.versions)
    if entry.flags:
        yield "State", ", ".join(entry.flags)
    yield "Permalink", subject.link


def _place(frame: Frame, subject: Subject) -> str:
    place = _code(f"{short_path(frame, subject.project_root)}:{frame.line}")
    return f"{place} in {_code(frame.function)}" if frame.function else place


def _marked_source(frame: Frame) -> str:
    first = frame.line - len(frame.before)
    lines = (*frame.before, frame.source, *frame.after)
    width = len(str(first + len(lines)))
    return "\n".join(
        f"{'>' if line == frame.line else ' '} {line:{width}} | {text}" for line, text in enumerate(lines, first)
    )


def _language(frame: Frame) -> str:
    return {"py": "python", "js": "javascript", "ts": "typescript"}.get(frame.file.rpartition(".")[2], "")


def _tree(exception: ExceptionInfo, depth: int = 0) -> Iterator[str]:
    for position, each in enumerate(chain(exception)):
        lead = {"cause": "led to ", "context": "while that was handled: "}.get(each.relation if position else "", "")
        yield f"{'  ' * depth}- {lead}{_code(each.type)}: {_plain(each.message)}"
        yield from (f"{'  ' * (depth + 1)}- note: {_plain(note)}" for note in each.notes)
        for member in each.exceptions:
            yield from _tree(member, depth + 1)


def _locals(entry: Entry) -> str:
    frame = culprit(entry)
    return "\n".join(f"{name} = {value}" for name, value in (frame.locals or {}).items()) if frame else ""


def _plain(words: str) -> str:
    """Return words on one line, none of them markup."""
    return _MARKUP.sub(r"\\\1", " ".join(words.split()))


def _code(words: str) -> str:
    """Return words as code on one line; more backticks around them than stand in them."""
    words = " ".join(words.split())
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(words)), default=0) + 1)
    return f"{fence} {words} {fence}" if "`" in words else f"`{words or ' '}`"


def _fenced(words: str, language: str = "") -> str:
    fence = "`" * max(3, max((len(run) for run in _BACKTICKS.findall(words)), default=0) + 1)
    return f"{fence}{language}\n{words}\n{fence}"


def _json(value: Any) -> str:
    try:
        return msgspec.json.format(msgspec.json.encode(value)).decode()
    except (RecursionError, TypeError, ValueError):
        return str(value)
