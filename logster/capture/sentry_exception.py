"""The exceptions of a Sentry event → ExceptionInfo: chain, groups, and frames with source and variables.

Owns what of Sentry's form is read, and how much of it. All input is a stranger's: what has another type than it should
have counts as not there. Source: https://develop.sentry.dev/sdk/data-model/event-payloads/exception/.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from logster.entry import ExceptionInfo, Frame
from logster.redaction import MASK, Redactor

MAX_EXCEPTIONS = 30
MAX_FRAMES = 100
_FIRST_FRAMES = 20
_LAST_FRAMES = MAX_FRAMES - _FIRST_FRAMES
_LINES_AROUND = 10
_LONGEST_LINE = 300
_LONGEST_NAME = 300
_LONGEST_PATH = 2_000
_LONGEST_MESSAGE = 20_000
_LONGEST_VARIABLE = 1_000
_MAX_VARIABLES = 30
_LARGEST_NUMBER = 10**9

Variables = Mapping[tuple[int, int], Mapping[str, Any]]
"""The variables of frames, by the position of the exception and that of the frame in it."""


def exceptions_of(event: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the exceptions of an event, as they came."""
    found = event.get("exception")
    values = found.get("values") if isinstance(found, dict) else found
    if isinstance(values, dict):
        values = [values]
    elif isinstance(found, dict) and values is None:
        values = [found] if "type" in found or "value" in found else []
    # The last one is what was raised.
    return [each for each in values if isinstance(each, dict)][-MAX_EXCEPTIONS:] if isinstance(values, list) else []


def frames_of(holder: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the frames of an exception, a thread or an event, outermost call first, as they came."""
    stack = holder.get("stacktrace")
    frames = stack.get("frames") if isinstance(stack, dict) else None
    return [each for each in frames if isinstance(each, dict)] if isinstance(frames, list) else []


def raised(exceptions: Sequence[Mapping[str, Any]], variables: Variables, redactor: Redactor) -> ExceptionInfo | None:
    """Return what was raised, with what it grew out of, redacted; None where there is no exception.

    Arguments:
        exceptions: as `exceptions_of` returns them, their frames without variables.
        variables: of the frames.
        redactor: masks what is secret.
    """
    if not exceptions:
        return None
    bare = [_exception(each, position, variables, redactor) for position, each in enumerate(exceptions)]
    return _Tree(exceptions, bare).root()


def stack(frames: Sequence[Mapping[str, Any]], redactor: Redactor) -> tuple[Frame, ...]:
    """Return the innermost frames of a stack, redacted."""
    return tuple(_frame(each, {}, redactor) for each in frames[-MAX_FRAMES:])


class _Tree:
    """Exceptions put together as their mechanisms say, else as a chain, whose last one was raised."""

    def __init__(self, said: Sequence[Mapping[str, Any]], bare: list[ExceptionInfo]) -> None:
        self._bare = bare
        self._sources = [_text(_mechanism(each).get("source")) for each in said]
        self._children: dict[int, list[int]] = {}
        positions = {
            each: position
            for position, each in enumerate(_mechanism(one).get("exception_id") for one in said)
            if type(each) is int
        }
        self._is_tree = len(positions) == len(bare)
        if self._is_tree:
            self._root = positions[min(positions)]
            for number, position in positions.items():
                parent = _mechanism(said[position]).get("parent_id")
                # A parent's number is lower than its child's, so that nothing grows out of itself.
                if type(parent) is int and parent in positions and parent < number:
                    self._children.setdefault(positions[parent], []).append(position)

    def root(self) -> ExceptionInfo:
        if self._is_tree:
            return self._grown(self._root)
        whole = self._bare[0]
        for position, each in enumerate(self._bare[1:], 1):
            relation = _relation(self._sources[position - 1])
            whole = msgspec.structs.replace(each, cause=whole, relation=relation)
        return whole

    def _grown(self, position: int) -> ExceptionInfo:
        children = self._children.get(position, [])
        members = [each for each in children if "[" in self._sources[each]]
        causes = [each for each in children if each not in members]
        return msgspec.structs.replace(
            self._bare[position],
            exceptions=tuple(self._grown(each) for each in members),
            cause=self._grown(causes[0]) if causes else None,
            relation=_relation(self._sources[causes[0]]) if causes else "",
        )


def _relation(source: str) -> str:
    return "context" if source in ("", "__context__") else "cause"


def _mechanism(said: Mapping[str, Any]) -> Mapping[str, Any]:
    found = said.get("mechanism")
    return found if isinstance(found, dict) else {}


def _exception(said: Mapping[str, Any], position: int, variables: Variables, redactor: Redactor) -> ExceptionInfo:
    frames = list(enumerate(frames_of(said)))
    left_out = max(len(frames) - MAX_FRAMES, 0)
    if left_out:
        frames[_FIRST_FRAMES:-_LAST_FRAMES] = []
    return ExceptionInfo(
        type=redactor.text(_type(said)),
        message=redactor.text(_text(said.get("value"), _LONGEST_MESSAGE)),
        frames=tuple(_frame(each, variables.get((position, at), {}), redactor) for at, each in frames),
        omitted=left_out,
        omitted_at=_FIRST_FRAMES if left_out else 0,
    )


def _type(said: Mapping[str, Any]) -> str:
    """Return the type's name as Python prints it: with its module, unless that is the one of built-in ones."""
    name, module = _text(said.get("type"), _LONGEST_NAME), _text(said.get("module"), _LONGEST_NAME)
    if not name:
        return "Error"
    return name if module in ("", "builtins", "__builtins__", "exceptions", "__main__") else f"{module}.{name}"


def _frame(said: Mapping[str, Any], variables: Mapping[str, Any], redactor: Redactor) -> Frame:
    file = _text(said.get("abs_path")) or _text(said.get("filename"))
    return Frame(
        file=redactor.url(file[:_LONGEST_PATH]) if file else redactor.text(_text(said.get("package"))) or "?",
        function=redactor.text(_text(said.get("function"), _LONGEST_NAME)),
        line=_number(said.get("lineno")),
        column=_number(said.get("colno")),
        module=redactor.text(_text(said.get("module"), _LONGEST_NAME)),
        source=_line(said.get("context_line"), redactor),
        before=_lines(said.get("pre_context"), redactor, from_end=True),
        after=_lines(said.get("post_context"), redactor),
        in_app=said.get("in_app") is True,
        locals=_locals(variables, redactor) if variables else None,
    )


def _line(said: Any, redactor: Redactor) -> str:
    return redactor.source(_text(said, _LONGEST_LINE).rstrip())


def _lines(said: Any, redactor: Redactor, *, from_end: bool = False) -> tuple[str, ...]:
    if not isinstance(said, list):
        return ()
    return tuple(_line(each, redactor) for each in (said[-_LINES_AROUND:] if from_end else said[:_LINES_AROUND]))


def _locals(variables: Mapping[str, Any], redactor: Redactor) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in list(variables.items())[:_MAX_VARIABLES]:
        shown = value if isinstance(value, str) else msgspec.json.encode(redactor.env({name: value})[name]).decode()
        found[redactor.text(name[:_LONGEST_NAME])] = (
            MASK if redactor.is_secret(name) else redactor.text(shown[:_LONGEST_VARIABLE])
        )
    return found


def _text(value: Any, characters: int = _LONGEST_PATH) -> str:
    return value[:characters] if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if type(value) is int and 0 <= value < _LARGEST_NUMBER else 0
