"""What makes two occurrences the same: the key of the entry they are counted in.

Owns the algorithm, which is versioned: the same occurrence keeps its key for ever under one VERSION. Works on what is
rendered and redacted, before anything is cut.
"""

import hashlib
from collections.abc import Iterable, Sequence

import re2

from logster.entry import ExceptionInfo, Frame
from logster.recall import Recall

VERSION = 1

_MOST_GROUP_MEMBERS = 20
_VARIABLE = re2.compile(
    r"""\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"""  # UUID
    r"""|\b0[xX][0-9a-fA-F]+\b"""  # address
    r"""|\b(?:[0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{6,}\b"""  # hash, id
    r"""|[0-9]+(?:[.,:][0-9]+)*"""  # number, version, time, IPv4 address
    r"""|"[^"\n]*"|'[^'\n]*'"""  # quoted value
)


def of_exception(exception: ExceptionInfo) -> str:
    """Return the key of occurrences that carry `exception`: its types and where each of the chain was raised."""
    return _key("exception", *_exception_parts(exception))


def of_call(*, logger: str, level: int, template: str, module: str, function: str) -> str:
    """Return the key of occurrences of one logging call whose template is known."""
    return _key("call", logger, str(level), template, module, function)


def of_message(*, logger: str, level: int, message: str, module: str, function: str) -> str:
    """Return the key of occurrences of one logging call whose message was put together before."""
    return _key("message", logger, str(level), normalised(message), module, function)


def of_javascript(*, type: str, message: str, frames: Sequence[Frame]) -> str:  # noqa: A002
    """Return the key of a browser's error: type, normalised message and the innermost frames."""
    places = (f"{_without_query(frame.file)}\t{frame.function}" for frame in frames[-5:])
    return _key("javascript", type, normalised(message), *_folded(places))


def of_browser_report(kind: str, *parts: str) -> str:
    """Return the key of what a browser reports by itself: the report's type, and what equal ones have in common."""
    return _key("browser", kind, *parts)


def of_app(fingerprint: object) -> str:
    """Return the key for the fingerprint that the app itself chose: text, or several parts."""
    if isinstance(fingerprint, list | tuple):
        return _key("app", *map(str, fingerprint))
    return _key("app", str(fingerprint))


def normalised(message: str) -> str:
    """Return `message` with numbers, ids, addresses and quoted values replaced, so that it repeats."""
    return str(_VARIABLE.sub("*", message.encode(errors="backslashreplace").decode()))


def _exception_parts(exception: ExceptionInfo) -> Iterable[str]:
    current: ExceptionInfo | None = exception
    while current is not None:
        yield f"type\t{current.type}"
        yield from _places(current.frames)
        if current.exceptions:
            yield from _group_parts(current.exceptions)
        current = current.cause


def _group_parts(exceptions: Sequence[ExceptionInfo]) -> Iterable[str]:
    # How many members failed, and in which order, varies between equal failures.
    members = {"\n".join(_exception_parts(each)) for each in exceptions}
    yield from sorted(members)[:_MOST_GROUP_MEMBERS]


def _places_of(frames: Sequence[Frame]) -> list[str]:
    return _folded(_place(frame) for frame in _telling(frames))


_places: Recall[tuple[Frame, ...], list[str]] = Recall(_places_of, 1_000)


def _telling(frames: Sequence[Frame]) -> Sequence[Frame]:
    return [frame for frame in frames if frame.in_app] or frames


def _place(frame: Frame) -> str:
    return f"{frame.module or frame.file}\t{frame.function}\t{frame.source.strip()}"


def _folded(places: Iterable[str]) -> list[str]:
    """Return `places` without those seen before: recursion may go deeper the next time."""
    return list(dict.fromkeys(places))


def _without_query(file: str) -> str:
    return file.partition("?")[0].partition("#")[0]


def _key(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16, person=b"logster%d" % VERSION)
    for part in parts:
        data = part.encode(errors="backslashreplace")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()
