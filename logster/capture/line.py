"""The line of a request: what runs for it one after the other, its coroutine and the threads that this waits for.

Frameworks run a sync endpoint or dependency on a thread, with a copy of the context that ends with it. Owns what such
threads have bound, and the proof that a thread is one of these and not one beside them: only where the coroutine itself
waits for it does it hold the context that the thread runs in.
"""

import gc
from collections.abc import Mapping
from contextvars import Context, ContextVar
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any

_MOST_STRANDS = 100
_DEEPEST = 500
_ABSENT = object()

_probe: ContextVar[object] = ContextVar("logster_probe", default=None)


class Strand:
    """What is bound in one thread of the line.

    Arguments:
        base: what was bound before the thread bound anything.
    """

    __slots__ = ("base", "bound")

    def __init__(self, base: Mapping[str, Any]) -> None:
        self.base = base
        self.bound = base


_strand: ContextVar[Strand | None] = ContextVar("logster_strand", default=None)


class Line:
    """What runs for one request one after the other.

    Arguments:
        coroutine: what the request's task awaits; anything else has no threads that could be told.
    """

    __slots__ = ("_coroutine", "_strands")

    def __init__(self, coroutine: object) -> None:
        self._coroutine = coroutine
        # Replaced, never changed: what runs beside the line may look at it at any time.
        self._strands: tuple[Strand, ...] = ()

    def narrow(self, coroutine: object) -> None:
        """Follow another coroutine from here on, such as the app's own one in a task of a middleware."""
        self._coroutine = coroutine

    def note(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> Strand | None:
        """Keep what is bound now if the line waits for this thread, and return where it is kept.

        Arguments:
            before: what was bound until now.
            now: what is bound.
        """
        if not self._waits_for_this_context():
            return None
        strand = _strand.get()
        if strand is None:
            strand = Strand(before)
            _strand.set(strand)
            self._strands = (*self._strands, strand)[-_MOST_STRANDS:]
        strand.bound = now
        return strand

    def leave(self, bound: Mapping[str, Any]) -> None:
        """Forget what threads bound inside of a block that has ended.

        Arguments:
            bound: what was bound at the end of the block.
        """
        if any(strand.base is bound for strand in self._strands):
            self._strands = tuple(strand for strand in self._strands if strand.base is not bound)

    def bound(self, here: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is bound in the request's own context, and over it what its threads left bound.

        Arguments:
            here: what is bound in the request's own context. Of a name that was bound anew there, this holds.
        """
        found: dict[str, Any] = {}
        for strand in self._strands:
            for name, value in strand.bound.items():
                before = strand.base.get(name, _ABSENT)
                if value is not before and here.get(name, before) is before:
                    found[name] = value
        return {**here, **found} if found else here

    def _waits_for_this_context(self) -> bool:
        mark = object()
        token = _probe.set(mark)
        try:
            frame = _innermost_frame(self._coroutine)
            values = () if frame is None else tuple(frame.f_locals.values())
            return any(isinstance(value, Context) and value.get(_probe) is mark for value in values)
        except Exception:  # the coroutine went on meanwhile, as where it was cancelled
            return False
        finally:
            _probe.reset(token)


def note_undone(bound: Mapping[str, Any], restored: Mapping[str, Any]) -> None:
    """Keep that what was bound in this thread is bound no more.

    Arguments:
        bound: what was bound.
        restored: what is bound now.
    """
    strand = _strand.get()
    # What was bound in a copy of the thread's context has not been noted.
    if strand is not None and strand.bound is bound:
        strand.bound = restored


def _innermost_frame(awaited: object) -> FrameType | None:
    """Return the frame of the innermost coroutine that a suspended one waits for; none where that runs."""
    frame = None
    for _ in range(_DEEPEST):
        match awaited:
            case CoroutineType():
                if not awaited.cr_suspended:
                    return None
                frame, awaited = awaited.cr_frame, awaited.cr_await
            case AsyncGeneratorType():
                frame, awaited = None, awaited.ag_await
            case GeneratorType():
                if not awaited.gi_suspended:
                    return None
                frame, awaited = awaited.gi_frame, awaited.gi_yieldfrom
            case None:
                return frame
            case _:
                # A step of an async generator, or what wraps a coroutine, says only to the collector what it is of.
                awaited = next(filter(_is_awaiting, gc.get_referents(awaited)), None)
    return None


def _is_awaiting(value: object) -> bool:
    return isinstance(value, CoroutineType | AsyncGeneratorType | GeneratorType) or type(value).__name__ in _STEPS


_STEPS = frozenset({"async_generator_asend", "async_generator_athrow", "anext_awaitable", "coroutine_wrapper"})
