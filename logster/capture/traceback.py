"""Raised → ExceptionInfo, and its text as Python prints it.

Owns the rendered form of an exception: frames with source, redacted messages, chain and groups.
"""

from collections.abc import Iterator
from itertools import groupby
from textwrap import indent

import msgspec

from logster.capture.raised import Raised
from logster.capture.source import Source
from logster.capture.variables import texts_of
from logster.entry import ExceptionInfo, Frame
from logster.recall import Recall
from logster.redaction import Redactor

_HEADER = "Traceback (most recent call last):"
_BETWEEN = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}
_REPEATS_SHOWN = 3
_MAX_STACK_TEXTS = 1_000


def render(raised: Raised, source: Source, redactor: Redactor) -> ExceptionInfo:
    """Return `raised` with its source lines, redacted."""
    frames = source.stack(raised.frames)
    if raised.syntax:
        frames += (_syntax_frame(raised.syntax, source, redactor),)
    notes = tuple(map(redactor.text, raised.notes))
    if raised.left_out:
        notes += (f"({raised.left_out:,} more exceptions left out)",)
    return ExceptionInfo(
        type=raised.type,
        message=redactor.repeated_text(raised.message),
        frames=frames,
        notes=notes,
        cause=render(raised.cause, source, redactor) if raised.cause else None,
        relation=raised.relation,  # type: ignore[arg-type]
        exceptions=tuple(render(each, source, redactor) for each in raised.exceptions),
        omitted=raised.omitted,
        omitted_at=raised.omitted_at,
    )


def with_locals(exception: ExceptionInfo, raised: Raised, redactor: Redactor) -> ExceptionInfo:
    """Return `exception` with the local variables of its frames, redacted.

    It comes last: frames without any are shared by all exceptions of one stack.
    """
    if not _has_locals(raised):
        return exception
    return msgspec.structs.replace(
        exception,
        frames=tuple(
            msgspec.structs.replace(frame, locals=texts_of(raised.locals[position], redactor))
            if position in raised.locals
            else frame
            for position, frame in enumerate(exception.frames)
        ),
        cause=with_locals(exception.cause, raised.cause, redactor) if exception.cause and raised.cause else None,
        exceptions=tuple(
            with_locals(member, each, redactor)
            for member, each in zip(exception.exceptions, raised.exceptions, strict=True)
        ),
    )


def _has_locals(raised: Raised) -> bool:
    if raised.locals or (raised.cause is not None and _has_locals(raised.cause)):
        return True
    return any(map(_has_locals, raised.exceptions))


def _syntax_frame(place: tuple[str, int, int, str], source: Source, redactor: Redactor) -> Frame:
    file, line, column, text = place
    frame = source.place(file, line)
    return Frame(
        file=frame.file,
        line=line,
        column=column,
        source=redactor.source(text.rstrip("\n")) or frame.source,
        before=frame.before,
        after=frame.after,
        in_app=frame.in_app,
    )


def text(exception: ExceptionInfo) -> str:
    """Return `exception` as Python prints it."""
    return "\n".join(_lines(exception))


def _lines(exception: ExceptionInfo) -> Iterator[str]:
    if exception.cause:
        yield from _lines(exception.cause)
        yield from ("", _BETWEEN[exception.relation or "context"], "")
    if exception.frames:
        yield _HEADER
        yield _stack_text(exception)
    yield from last_lines(exception).split("\n")
    yield from exception.notes
    yield from _member_lines(exception.exceptions)


def stack_text(frames: tuple[Frame, ...]) -> str:
    """Return a stack that no exception has, as Python prints it."""
    return "\n".join(["Stack (most recent call last):", *_frame_lines(frames)])


def last_lines(exception: ExceptionInfo) -> str:
    """Return the line of `exception` that says what happened."""
    return f"{exception.type}: {exception.message}" if exception.message else exception.type


def _stack_text(exception: ExceptionInfo) -> str:
    frames = exception.frames
    if exception.omitted:
        return "\n".join(_frame_lines(frames, exception.omitted, exception.omitted_at))
    return _whole_stack_text(frames)


def _frame_lines(frames: tuple[Frame, ...], omitted: int = 0, omitted_at: int = 0) -> Iterator[str]:
    position = 0
    for frame, group in groupby(frames):
        count = len(list(group))
        for _ in range(min(count, _REPEATS_SHOWN)):
            yield _frame_text(frame)
        if count > _REPEATS_SHOWN:
            yield f"  [Previous line repeated {count - _REPEATS_SHOWN} more times]"
        position += count
        if omitted and position >= omitted_at > position - count:
            yield f"  … ({omitted:,} frames left out)"


# Stacks come from Source, which hands out the same tuple for the same stack.
_whole_stack_text: Recall[tuple[Frame, ...], str] = Recall(
    lambda frames: "\n".join(_frame_lines(frames)), _MAX_STACK_TEXTS
)


def _frame_text(frame: Frame) -> str:
    function = f", in {frame.function.rpartition('.')[2]}" if frame.function else ""
    place = f'  File "{frame.file}", line {frame.line}{function}'
    return f"{place}\n    {frame.source.strip()}" if frame.source else place


def _member_lines(members: tuple[ExceptionInfo, ...]) -> Iterator[str]:
    for number, member in enumerate(members, 1):
        yield f"  +---------------- {number} ----------------"
        yield indent(text(member), "  | ", lambda _: True)
    if members:
        yield "  +------------------------------------"
