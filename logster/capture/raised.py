"""An exception as the caller's thread leaves it: code objects and lines, texts, and what it grew out of.

Owns what has to be taken before the program goes on. Reads no source, and keeps no frame, no
variable and no exception alive.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, MappingProxyType, TracebackType
from typing import Any

from logster.capture.plain import bounded, clean, is_a, safe_str, type_name
from logster.capture.variables import Taker, Variables

RawFrame = tuple[CodeType, int, object]
"""Code object, line and the name of the module, if it has one."""

MAX_FRAMES = 100
_FIRST_FRAMES = 30
_MAX_CHAIN = 20
_MAX_EXCEPTIONS = 100
_MAX_NOTES = 20
_MAX_MESSAGE = 20_000
_NO_LOCALS: Mapping[int, Variables] = MappingProxyType({})


class Stack:
    """Where an exception was raised, outermost call first.

    Plain tuples of what is no container: thousands of snapshots may wait, and these the collector of garbage leaves
    alone.
    """

    __slots__ = ("_identity", "codes", "lines", "modules")

    def __init__(self, codes: Sequence[CodeType], lines: Sequence[int], modules: Sequence[object]) -> None:
        self.codes = tuple(codes)
        self.lines = tuple(lines)
        self.modules = tuple(modules)
        self._identity: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[RawFrame]:
        return zip(self.codes, self.lines, self.modules, strict=True)

    def identity(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return what equal stacks have in common. Code objects stand for themselves by id: keep the stack with it."""
        if self._identity is None:
            self._identity = tuple(map(id, self.codes)), self.lines
        return self._identity


class Raised:
    """One exception of a chain.

    `frames` are outermost first; `omitted` of them were left out after the first `omitted_at`. `syntax` is what a
    SyntaxError says about its place: file, line, column and text. `locals` are the variables of frames, by position.
    """

    __slots__ = (
        "cause",
        "exceptions",
        "frames",
        "left_out",
        "locals",
        "message",
        "notes",
        "omitted",
        "omitted_at",
        "relation",
        "syntax",
        "type",
    )

    def __init__(self, error: BaseException, taker: Taker | None = None, at: TracebackType | None = None) -> None:
        self.type = _type_of(error)
        self.message = _message_of(error)
        traceback = at or _traceback_of(error)
        self.frames, self.omitted, self.omitted_at = _frames_of(traceback)
        self.locals = _kept(taker.take(traceback), self.omitted) if taker is not None else _NO_LOCALS
        self.notes: tuple[str, ...] = ()
        self.syntax: tuple[str, int, int, str] | None = None
        self.cause: Raised | None = None
        self.relation = ""
        self.exceptions: tuple[Raised, ...] = ()
        self.left_out = 0

    def identity(self) -> tuple[Any, ...] | None:
        """Return what equal occurrences have in common: types and places, of the whole chain; None without places.

        Code objects stand for themselves by id: whoever keeps an identity has to keep the snapshot too.
        """
        if not self.frames:
            return None
        if self.cause is None and not self.exceptions:
            return (self.type, self.frames.identity())
        parts: list[Any] = []
        stack: list[Raised | None] = [self]
        while stack:
            raised = stack.pop()
            if raised is None:
                parts.append(None)
                continue
            parts += (raised.type, raised.frames.identity(), len(raised.exceptions))
            stack.append(raised.cause)
            stack.extend(raised.exceptions)
        return tuple(parts)


def raised(error: BaseException, traceback: TracebackType | None = None, taker: Taker | None = None) -> Raised:
    """Return the snapshot of `error` with all that it grew out of.

    Arguments:
        error: the exception.
        traceback: where it was raised, if that is not what the exception itself carries.
        taker: takes the local variables of frames; None for none.
    """
    result = Raised(error, taker, traceback)
    try:
        if (
            error.__cause__ is not None
            or error.__context__ is not None
            or isinstance(error, BaseExceptionGroup | SyntaxError)
            or hasattr(error, "__notes__")
        ):
            _Chain(taker).follow(result, error)
    except Exception:
        # Its class overrides one of these, and that fails; what there is so far still tells most.
        return result
    return result


class _Chain:
    """One walk over causes, contexts and group members, which may be many, deep or circular."""

    def __init__(self, taker: Taker | None) -> None:
        self._taker = taker
        self._seen: set[int] = set()
        self._room = _MAX_EXCEPTIONS

    def follow(self, result: Raised, error: BaseException, depth: int = 0) -> None:
        self._seen.add(id(error))
        result.notes = _notes_of(error)
        if isinstance(error, SyntaxError):
            result.syntax = _place_of(error)
        if isinstance(error, BaseExceptionGroup):
            self._members(result, error, depth)
        before, relation = _before(error)
        if before is not None and id(before) not in self._seen and depth < _MAX_CHAIN and self._room > 0:
            self._room -= 1
            result.cause, result.relation = Raised(before, self._taker), relation
            self.follow(result.cause, before, depth + 1)

    def _members(self, result: Raised, group: BaseExceptionGroup[Any], depth: int) -> None:
        members = []
        for error in group.exceptions:
            if self._room <= 0 or depth >= _MAX_CHAIN or id(error) in self._seen:
                result.left_out += 1
                continue
            self._room -= 1
            member = Raised(error, self._taker)
            self.follow(member, error, depth + 1)
            members.append(member)
        result.exceptions = tuple(members)


def _before(error: BaseException) -> tuple[BaseException | None, str]:
    if error.__cause__ is not None:
        return error.__cause__, "cause"
    if error.__context__ is not None and not error.__suppress_context__:
        return error.__context__, "context"
    return None, ""


def _frames_of(traceback: TracebackType | None) -> tuple[Stack, int, int]:
    codes: list[CodeType] = []
    lines: list[int] = []
    modules: list[object] = []
    while traceback is not None:
        frame = traceback.tb_frame
        codes.append(frame.f_code)
        lines.append(traceback.tb_lineno)
        modules.append(frame.f_globals.get("__name__"))
        traceback = traceback.tb_next
    omitted = len(codes) - MAX_FRAMES
    if omitted <= 0:
        return Stack(codes, lines, modules), 0, 0
    for each in (codes, lines, modules):
        del each[_FIRST_FRAMES : _FIRST_FRAMES + omitted]
    return Stack(codes, lines, modules), omitted, _FIRST_FRAMES


def _kept(found: dict[int, Variables], omitted: int) -> dict[int, Variables]:
    """Return variables by the positions that frames have when the middle of a deep stack is left out."""
    if omitted <= 0:
        return found
    return {
        position if position < _FIRST_FRAMES else position - omitted: variables
        for position, variables in found.items()
        if not _FIRST_FRAMES <= position < _FIRST_FRAMES + omitted
    }


def _type_of(error: BaseException) -> str:
    kind = type(error)
    try:
        module, name = kind.__module__, kind.__qualname__
        if module in ("builtins", "__main__"):
            return name
        return f"{module}.{name}" if type(module) is str else name
    except Exception:
        return type_name(error)


# What the class of an exception says itself may be anything, an error too.
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_said_by_syntax_error = SyntaxError.__dict__["msg"].__get__


def _message_of(error: BaseException) -> str:
    if is_a(error, SyntaxError) and is_a(text := _said_by_syntax_error(error), str):
        return clean(bounded(str.__str__(text), _MAX_MESSAGE))
    return clean(bounded(safe_str(error), _MAX_MESSAGE))


def _notes_of(error: BaseException) -> tuple[str, ...]:
    notes = getattr(error, "__notes__", None)
    if notes is None:
        return ()
    if not is_a(notes, (list, tuple)):
        return (clean(bounded(safe_str(notes), _MAX_MESSAGE)),)
    return tuple(clean(bounded(safe_str(note), _MAX_MESSAGE)) for note in notes[:_MAX_NOTES])


def _place_of(error: SyntaxError) -> tuple[str, int, int, str]:
    return (
        clean(bounded(safe_str(error.filename or "<string>"), 500)),
        error.lineno if isinstance(error.lineno, int) else 0,
        error.offset if isinstance(error.offset, int) else 0,
        clean(bounded(error.text if isinstance(error.text, str) else "", 1_000)),
    )
