"""How an exception is laid out for reading: its chain, stretches of app and library frames, numbered source lines."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from logster.entry import Entry, ExceptionInfo, Frame
from logster.viewer.highlighting import Piece, Pieces, highlighted

_LIBRARIES = ("site-packages", "dist-packages")
_NAMES_AT_MOST = 4


@dataclass(frozen=True)
class Line:
    """A line of source in coloured pieces; `failing` marks the one that was running."""

    number: int
    pieces: Pieces
    failing: bool


@dataclass(frozen=True)
class Stretch:
    """Neighbouring frames that are all of the app or all of libraries; `omitted` counts those left out before it."""

    in_app: bool
    frames: tuple[Frame, ...]
    omitted: int = 0

    @property
    def libraries(self) -> str:
        """Whose the frames are, in the order of the calls."""
        names = list(dict.fromkeys(library(frame) for frame in self.frames))
        more = len(names) - _NAMES_AT_MOST
        return ", ".join(names[:_NAMES_AT_MOST]) + (f" and {more} more" if more > 0 else "")


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


def library(frame: Frame) -> str:
    """Return the name of the library that a frame belongs to."""
    path = frame.file.replace("\\", "/")
    head, _, rest = path.partition("/")
    if head in _LIBRARIES:
        return rest.partition("/")[0].removesuffix(".py")
    # A package of npm may lie in another's, or in one that a package manager made up.
    _, is_of_npm, rest = path.rpartition("node_modules/")
    if is_of_npm:
        return "/".join(rest.split("/")[: 2 if rest.startswith("@") else 1])
    return frame.module.partition(".")[0] or frame.file.rpartition("/")[2] or "?"


def source(frame: Frame) -> list[Line]:
    """Return the source around `frame`, without the indentation that all of its lines share."""
    if not frame.source:
        return []
    texts = [_one_line(text) for text in (*frame.before, frame.source, *frame.after)]
    dedented = textwrap.dedent("\n".join(texts)).split("\n")
    indentation = len(texts[len(frame.before)]) - len(dedented[len(frame.before)])
    first = frame.line - len(frame.before)
    return [
        Line(number, _with_column(pieces, frame.column - indentation) if is_failing else pieces, is_failing)
        for number, pieces in enumerate(highlighted(tuple(dedented), frame.file), start=first)
        for is_failing in [number == frame.line]
    ]


def _one_line(text: str) -> str:
    return " ".join(text.expandtabs(4).splitlines())


def _with_column(pieces: Pieces, column: int) -> Pieces:
    """Return pieces of which the one at `column`, counted from 1, is the character there and says so."""
    found: list[Piece] = []
    start = 1
    for piece in pieces:
        at = column - start
        if 0 <= at < len(piece.text):
            before, here, after = piece.text[:at], piece.text[at], piece.text[at + 1 :]
            found += [Piece(piece.kind, before), Piece(f"{piece.kind} column".strip(), here), Piece(piece.kind, after)]
        else:
            found.append(piece)
        start += len(piece.text)
    return tuple(piece for piece in found if piece.text)


def short_path(frame: Frame, project_root: str = "") -> str:
    """Return the path of a frame's file as a reader of the app knows it: relative to the project.

    The root is where this process knows it from its settings; an app on another machine shows its place by its
    module's name.
    """
    path = frame.file.replace("\\", "/")
    root = project_root.replace("\\", "/").rstrip("/")
    if root and path.startswith(f"{root}/"):
        return path[len(root) + 1 :]
    if not frame.in_app or not path.startswith("/"):
        return frame.file
    below = frame.module.replace(".", "/")
    for tail in (f"{below}.py", f"{below}/__init__.py"):
        if below and path.endswith(f"/{tail}"):
            return tail
    here = _working_directory()
    return path[len(here) + 1 :] if here and path.startswith(f"{here}/") else frame.file


@cache
def _working_directory() -> str:
    try:
        return Path.cwd().as_posix().rstrip("/")
    except OSError:  # it may have been removed
        return ""


def culprit(entry: Entry) -> Frame | None:
    """Return the frame to look at first: the innermost of the app's own, with its source where that was kept."""
    if entry.exception:
        for exception in _with_members(entry.exception):
            for frame in reversed(exception.frames):
                if frame.in_app:
                    return frame
        if not entry.location and entry.exception.frames:
            return entry.exception.frames[-1]
    return entry.location


def _with_members(exception: ExceptionInfo) -> Iterator[ExceptionInfo]:
    """Yield an exception, and before it the first of a group: what failed is there, not where it was awaited."""
    if exception.exceptions:
        yield from _with_members(exception.exceptions[0])
    yield exception
