"""How an exception is laid out for reading: its chain, stretches of app and library frames, numbered source lines."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from logster.entry import Entry, ExceptionInfo, Frame


@dataclass(frozen=True)
class Line:
    """A line of source; `failing` marks the one that was running."""

    number: int
    text: str
    failing: bool


@dataclass(frozen=True)
class Stretch:
    """Neighbouring frames that are all of the app or all of libraries; `omitted` counts those left out before it."""

    in_app: bool
    frames: tuple[Frame, ...]
    omitted: int = 0


def chain(exception: ExceptionInfo) -> list[ExceptionInfo]:
    """Return what led to `exception`, first cause first, and itself last."""
    found = [exception]
    while found[-1].cause:
        found.append(found[-1].cause)
    return found[::-1]


def stretches(exception: ExceptionInfo) -> list[Stretch]:
    """Return the frames of `exception` in stretches, outermost call first."""
    return list(_stretches(exception))


def _stretches(exception: ExceptionInfo) -> Iterator[Stretch]:
    run: list[Frame] = []
    omitted = 0
    for position, frame in enumerate(exception.frames):
        is_gap = bool(exception.omitted) and position == exception.omitted_at
        if run and (is_gap or frame.in_app != run[-1].in_app):
            yield Stretch(run[-1].in_app, tuple(run), omitted)
            run, omitted = [], 0
        if is_gap:
            omitted = exception.omitted
        run.append(frame)
    if run:
        yield Stretch(run[-1].in_app, tuple(run), omitted)


def source(frame: Frame) -> list[Line]:
    """Return the source around `frame`, without the indentation that all of its lines share."""
    if not frame.source:
        return []
    texts = textwrap.dedent("\n".join(_one_line(text) for text in (*frame.before, frame.source, *frame.after)))
    first = frame.line - len(frame.before)
    return [Line(number, text, number == frame.line) for number, text in enumerate(texts.split("\n"), start=first)]


def _one_line(text: str) -> str:
    return " ".join(text.expandtabs(4).splitlines())


def culprit(entry: Entry) -> Frame | None:
    """Return the frame to look at first: the innermost of the app's own, with its source where that was kept."""
    if entry.exception:
        frames = entry.exception.frames
        for frame in reversed(frames):
            if frame.in_app:
                return frame
        if not entry.location and frames:
            return frames[-1]
    return entry.location
