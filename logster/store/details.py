"""Exception and traceback of an entry ⇄ the compressed form in which its hash holds them. Does not talk to Redis.

Most of a traceback stands in the entry's search text too, and most of what a frame says stands in the traceback. So
frames are stored by column, the traceback without their lines, and the search text is what the compression starts from.
Equal stacks are compressed once, not for each entry that has one. Frames that recur are not among the details at all:
these then say only what stands around them.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple

import msgspec

from logster.entry import ExceptionInfo, Frame
from logster.recall import Recall
from logster.store.frames import LOST, MOST, Stack, known, printed, together

_COMPRESSED = b"c"
_PLAIN = b"p"
_OF_KNOWN_STACK = b"s"
_OF_SHARED_FRAMES = b"f"
_OF_SHARED_FRAMES_COMPRESSED = b"F"
_HEADER = "Traceback (most recent call last):\n"
_KNOWN_STACKS = 200
_LONG = 1_000


Choice = Callable[[Stack], bool]
"""Says whether a stack is to be kept apart from its entry."""


class Details(msgspec.Struct, frozen=True):
    """What only the page of one entry shows."""

    exception: ExceptionInfo | None = None
    traceback: str = ""


class Separated(NamedTuple):
    """An exception with its recurring stack taken out: this, and what the traceback has before, between and after."""

    stack: Stack
    parts: list[str]


class _Around(msgspec.Struct, frozen=True, array_like=True):
    """An exception without the frames of itself and its causes, how many these were, and the traceback around them.

    `counts` are in the order in which a traceback prints them; `parts` is None where it is what Python prints.
    """

    exception: ExceptionInfo
    counts: list[int]
    parts: list[str] | None


class _Raised(msgspec.Struct, frozen=True, array_like=True):
    """An exception with a list for each field of its frames: what is alike stands together.

    `modules` has the number of directories to leave out where the file's path says the rest. `others` has what hardly
    any frame has, by the frame's number.
    """

    type: str
    message: str
    notes: tuple[str, ...]
    cause: "_Raised | None"
    relation: Literal["cause", "context", ""]
    exceptions: tuple["_Raised", ...]
    omitted: int
    omitted_at: int
    files: list[str]
    functions: list[str]
    lines: list[int]
    modules: list[int | str]
    in_app: list[bool]
    sources: list[str]
    before: list[tuple[str, ...]]
    after: list[tuple[str, ...]]
    others: dict[int, tuple[int, dict[str, str] | None]]


class _Packed(msgspec.Struct, frozen=True, array_like=True):
    """`traceback` is cut where the lines of the frames stand, one after the other."""

    exception: _Raised | None
    traceback: list[str]


class _Rest(msgspec.Struct, frozen=True, array_like=True):
    """What an exception says beside its stack, and where the search text says that: the stack was compressed with it.

    `before` and `after` are the traceback around the stack, None where they are what Python prints there.
    """

    type: str
    message: str
    notes: tuple[str, ...]
    omitted: int
    omitted_at: int
    at: int
    length: int
    before: str | None
    after: str | None


class _Stack:
    """A stack as a traceback prints it, as the search text has it, and compressed with the help of the latter."""

    def __init__(self, frames: tuple[Frame, ...]) -> None:
        plain = _json(_raised(ExceptionInfo("", frames=frames)))
        self.printed = "\n".join(map(_printed, frames))
        self.text = self.printed.encode("utf-8", "replace").lower()
        self.packed = _compressed(plain, self.text)
        self.is_smaller = len(self.packed) < len(plain)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Packed)
_raised_decoder = msgspec.json.Decoder(_Raised)
_rest_decoder = msgspec.json.Decoder(_Rest)
_around_decoder = msgspec.json.Decoder(_Around)
_compressed_stack = Recall(_Stack, _KNOWN_STACKS)


def encode(exception: ExceptionInfo | None, traceback: str, text: bytes) -> bytes:
    """Return exception and traceback, compressed with the help of the entry's search text where that pays."""
    if exception is None and not traceback:
        return b""
    if exception is not None and (packed := _with_known_stack(exception, traceback, text)):
        return packed
    raised = None if exception is None else _raised(exception)
    plain = _json(_Packed(raised, list(_cut(traceback, _frames(exception)))))
    packed = _compressed(plain, text)
    return _COMPRESSED + packed if len(packed) < len(plain) else _PLAIN + plain


def separate(exception: ExceptionInfo | None, traceback: str, is_shared: Choice) -> Separated | None:
    """Return the stack, and the traceback without it; None where it is not shared, or not printed as usual."""
    found = [known(each.frames) for each in _chain(exception) if each.frames] if exception else []
    stacks = [each.stack for each in found if each.stack]
    if not found or len(stacks) < len(found) or sum(len(each.frames) for each in stacks) > MOST:
        return None
    whole = together(stacks)
    if not is_shared(whole):
        return None
    parts = list(_around(traceback, [each.printed for each in found]))
    return Separated(whole, parts) if len(parts) == len(found) + 1 and _is_apart(parts) else None


def _around(traceback: str, printed_stacks: Iterable[str]) -> Iterator[str]:
    """Yield what stands before, between and after printed stacks, up to the first that is not there."""
    position = 0
    for each in printed_stacks:
        start = _start_of(each, traceback, position)
        if start < 0:
            return
        yield traceback[position:start]
        position = start + len(each)
    yield traceback[position:]


def _start_of(stack: str, traceback: str, position: int) -> int:
    # To look for a text as long as that takes as long as all else here, and most are where they always are.
    if position == 0 and traceback.startswith(stack, len(_HEADER)):
        return len(_HEADER)
    return traceback.find(stack, position)


def _is_apart(parts: Sequence[str]) -> bool:
    """Return whether stacks between parts have their lines for themselves: a search looks at each frame alone."""
    return (
        all(part.endswith("\n") for part in parts[:-1] if part)
        and all(part.startswith("\n") for part in parts[1:] if part)
        and all(parts[1:-1])
    )


def encode_around(exception: ExceptionInfo, separated: Separated, text: bytes) -> bytes:
    """Return the details of an entry whose frames are stored elsewhere."""
    usual = [_HEADER, _last_line(exception.type, exception.message)]
    counts = [len(each.frames) for each in _chain(exception)]
    around = _Around(_with_frames(exception, iter(())), counts, None if separated.parts == usual else separated.parts)
    plain = _json(around)
    packed = _compressed(plain, text) if len(plain) > _LONG else plain
    return _OF_SHARED_FRAMES_COMPRESSED + packed if len(packed) < len(plain) else _OF_SHARED_FRAMES + plain


def _from_around(around: _Around, frames: Sequence[Frame]) -> Details:
    left = iter([*frames, *[LOST] * (sum(around.counts) - len(frames))])
    stacks = [tuple(islice(left, count)) for count in around.counts]
    exception = _with_frames(around.exception, iter(stacks))
    parts = around.parts or [_HEADER, _last_line(exception.type, exception.message)]
    between = ["\n".join(map(printed, each)) for each in stacks if each]
    return Details(exception, "".join(word for pair in zip(parts, [*between, ""], strict=True) for word in pair))


def _chain(exception: ExceptionInfo) -> Iterator[ExceptionInfo]:
    """Yield an exception after what it grew out of, in the order in which a traceback prints them."""
    if exception.cause:
        yield from _chain(exception.cause)
    yield exception


def _with_frames(exception: ExceptionInfo, stacks: Iterator[tuple[Frame, ...]]) -> ExceptionInfo:
    """Return an exception and its causes with other frames, those of the first cause first."""
    cause = _with_frames(exception.cause, stacks) if exception.cause else None
    return msgspec.structs.replace(exception, cause=cause, frames=next(stacks, ()))


def decode(stored: bytes | None, text: bytes | None, frames: Sequence[Frame] = ()) -> Details:
    """Return what `encode` was given.

    Arguments:
        stored: what it returned.
        text: the entry's search text as it was given then.
        frames: those that are stored elsewhere.
    """
    if not stored:
        return Details()
    plain = stored[1:]
    if stored[:1] in (_OF_SHARED_FRAMES, _OF_SHARED_FRAMES_COMPRESSED):
        if stored[:1] == _OF_SHARED_FRAMES_COMPRESSED:
            plain = _decompressed(plain, text or b"")
        return _from_around(_around_decoder.decode(plain), frames)
    if stored[:1] == _OF_KNOWN_STACK:
        return _from_stack_and_rest(plain, text or b"")
    if stored[:1] == _COMPRESSED:
        plain = _decompressed(plain, text or b"")
    packed = _decoder.decode(plain)
    exception = None if packed.exception is None else _exception(packed.exception)
    return Details(exception, "".join(_joined(packed.traceback, _frames(exception))))


def extract(stored: bytes | None, text: bytes | None) -> bytes:
    """Return that part of the search text which is certain to be the traceback's; cheap, and maybe empty."""
    if not stored or not text or stored[:1] != _OF_KNOWN_STACK:
        return b""
    size, _, both = stored[1:].partition(b":")
    rest = _rest_decoder.decode(both[int(size) :])
    return text[rest.at : rest.at + rest.length]


def _with_known_stack(exception: ExceptionInfo, traceback: str, text: bytes) -> bytes:
    """Return the details with the stack compressed apart; empty where the stack is not all, or not printed as usual."""
    if exception.cause or exception.exceptions or exception.relation or not exception.frames:
        return b""
    stack = _compressed_stack(exception.frames)
    before, found, after = traceback.partition(stack.printed)
    at = text.find(stack.text)
    if not (stack.is_smaller and found and at >= 0) or len(before) + len(after) + len(exception.message) > _LONG:
        return b""
    rest = _Rest(
        type=exception.type,
        message=exception.message,
        notes=exception.notes,
        omitted=exception.omitted,
        omitted_at=exception.omitted_at,
        at=at,
        length=len(stack.text),
        before=None if before == _HEADER else before,
        after=None if after == _last_line(exception.type, exception.message) else after,
    )
    return b"%s%d:%s%s" % (_OF_KNOWN_STACK, len(stack.packed), stack.packed, _json(rest))


def _from_stack_and_rest(stored: bytes, text: bytes) -> Details:
    size, _, both = stored.partition(b":")
    rest = _rest_decoder.decode(both[int(size) :])
    plain = _decompressed(both[: int(size)], text[rest.at : rest.at + rest.length])
    exception = msgspec.structs.replace(
        _exception(_raised_decoder.decode(plain)),
        type=rest.type,
        message=rest.message,
        notes=rest.notes,
        omitted=rest.omitted,
        omitted_at=rest.omitted_at,
    )
    before = _HEADER if rest.before is None else rest.before
    after = _last_line(rest.type, rest.message) if rest.after is None else rest.after
    return Details(exception, before + "\n".join(map(_printed, exception.frames)) + after)


def _last_line(type_name: str, message: str) -> str:
    return f"\n{type_name}: {message}" if message else f"\n{type_name}"


def _compressed(plain: bytes, dictionary: bytes) -> bytes:
    compressor = zlib.compressobj(6, zdict=dictionary) if dictionary else zlib.compressobj(6)
    return compressor.compress(plain) + compressor.flush()


def _decompressed(packed: bytes, dictionary: bytes) -> bytes:
    decompressor = zlib.decompressobj(zdict=dictionary) if dictionary else zlib.decompressobj()
    return decompressor.decompress(packed)


def _raised(exception: ExceptionInfo) -> _Raised:
    frames = exception.frames
    return _Raised(
        type=exception.type,
        message=exception.message,
        notes=exception.notes,
        cause=_raised(exception.cause) if exception.cause else None,
        relation=exception.relation,
        exceptions=tuple(map(_raised, exception.exceptions)),
        omitted=exception.omitted,
        omitted_at=exception.omitted_at,
        files=[frame.file for frame in frames],
        functions=[frame.function for frame in frames],
        lines=[frame.line for frame in frames],
        modules=[_short_module(frame.module, frame.file) for frame in frames],
        in_app=[frame.in_app for frame in frames],
        sources=[frame.source for frame in frames],
        before=[frame.before for frame in frames],
        after=[frame.after for frame in frames],
        others={
            number: (frame.column, frame.locals)
            for number, frame in enumerate(frames)
            if frame.column or frame.locals is not None
        },
    )


def _exception(raised: _Raised) -> ExceptionInfo:
    columns = zip(
        *(raised.files, raised.functions, raised.lines, raised.modules, raised.sources),
        *(raised.before, raised.after, raised.in_app),
        strict=True,
    )
    frames = []
    for number, (file, function, line, module, *rest) in enumerate(columns):
        name = _module(module, file) if isinstance(module, int) else module
        frames.append(Frame(file, function, line, name, *rest, *raised.others.get(number, ())))
    return ExceptionInfo(
        type=raised.type,
        message=raised.message,
        frames=tuple(frames),
        notes=raised.notes,
        cause=_exception(raised.cause) if raised.cause else None,
        relation=raised.relation,
        exceptions=tuple(map(_exception, raised.exceptions)),
        omitted=raised.omitted,
        omitted_at=raised.omitted_at,
    )


def _short_module(module: str, file: str) -> int | str:
    left_out = _dotted(file).count(".") - module.count(".")
    return left_out if left_out >= 0 and _module(left_out, file) == module else module


def _module(left_out: int, file: str) -> str:
    return _dotted(file).split(".", left_out)[-1]


def _dotted(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _frames(exception: ExceptionInfo | None) -> Iterator[Frame]:
    """Yield the frames in the order in which a traceback prints them, members of groups left out."""
    if exception is not None:
        yield from _frames(exception.cause)
        yield from exception.frames


def _printed(frame: Frame) -> str:
    # Also without a source line: what was cut at this once is put together with it.
    function = f", in {frame.function.rpartition('.')[2]}" if frame.function else ""
    return f'  File "{frame.file}", line {frame.line}{function}\n    {frame.source.strip()}'


def _cut(traceback: str, frames: Iterable[Frame]) -> Iterator[str]:
    """Yield what stands between the printed frames, up to the first that is not there."""
    position = 0
    for frame in frames:
        shown = _printed(frame)
        start = traceback.find(shown, position)
        if start < 0:
            break
        yield traceback[position:start]
        position = start + len(shown)
    yield traceback[position:]


def _joined(parts: list[str], frames: Iterable[Frame]) -> Iterator[str]:
    yield parts[0]
    for part, frame in zip(parts[1:], frames, strict=False):
        yield _printed(frame)
        yield part


def _json(value: Any) -> bytes:
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(msgspec.to_builtins(value), ensure_ascii=False).encode("utf-8", "replace")
