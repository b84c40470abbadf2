"""Local variables of frames: taken on the caller's thread within bounds of number, depth, size and time.

Owns which frames and names are worth it. How a value is looked at is shape's business.
"""

import time
from itertools import islice
from types import FrameType, FunctionType, ModuleType, TracebackType
from typing import Any

from logster.capture.app_code import AppCode
from logster.capture.plain import clean
from logster.capture.shape import Looker, Node, is_one_of, text_of
from logster.redaction import MASK, Redactor

Variables = tuple[tuple[str, Node], ...]

_MAX_FRAMES = 10
_MAX_NAMES = 30
_LONGEST_NAME = 100
_LONGEST_SECONDS = 0.005
_DEFINED = (ModuleType, FunctionType, type)


class Taker:
    """Takes the variables of one exception and of all that it grew out of, until time is up.

    Arguments:
        app_code: whose frames: those of libraries are left out.
    """

    def __init__(self, app_code: AppCode) -> None:
        self._app_code = app_code
        self._looker = Looker()
        self._until = time.perf_counter() + _LONGEST_SECONDS

    def take(self, traceback: TracebackType | None) -> dict[int, Variables]:
        """Return the variables of the innermost frames of the app, by the frames' positions from the outermost."""
        frames: list[tuple[int, FrameType]] = []
        position = 0
        while traceback is not None:
            frame = traceback.tb_frame
            module = frame.f_globals.get("__name__")
            if self._app_code.holds(frame.f_code.co_filename, module if type(module) is str else ""):
                frames.append((position, frame))
            traceback = traceback.tb_next
            position += 1
        found = {}
        for position, frame in reversed(frames[-_MAX_FRAMES:]):
            try:
                if variables := self._of_frame(frame):
                    found[position] = variables
            except Exception:  # noqa: S112 - another thread may change them; the exception is reported without them
                continue
        return found

    def _of_frame(self, frame: FrameType) -> Variables:
        variables = []
        for name, value in islice(_named_values(frame), _MAX_NAMES):
            if time.perf_counter() > self._until:
                break
            variables.append((clean(name[:_LONGEST_NAME]), self._looker.look(value)))
        return tuple(variables)


def texts_of(variables: Variables, redactor: Redactor) -> dict[str, str]:
    """Return how variables are shown, with their secrets masked."""
    return {
        redactor.text(name): MASK if redactor.is_secret(name) else text_of(value, redactor) for name, value in variables
    }


def _named_values(frame: FrameType) -> list[tuple[str, Any]]:
    values = frame.f_locals
    if values is frame.f_globals:  # of a module, what it imports and defines tells nothing
        return [
            (name, value)
            for name, value in list(values.items())
            if type(name) is str and not name.startswith("__") and not is_one_of(type(value), _DEFINED)
        ]
    # The body of a class runs in what its metaclass prepared, which may be anything.
    if frame.f_code.co_flags & _OPTIMIZED == 0:
        return list(values.items()) if type(values) is dict else []
    # What a comprehension iterates over is called ".0".
    return [(name, value) for name, value in values.items() if not name.startswith(".")]


_OPTIMIZED = 0x1
"""CO_OPTIMIZED: the code of a function, whose variables the interpreter keeps."""
