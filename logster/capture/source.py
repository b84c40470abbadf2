"""Code object and line → Frame: file as shown, source lines around it, in-app or library.

Owns what is known about places in code, each looked up once. Runs on the worker's thread, because it reads files.
"""

import linecache
import os
import sys
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from types import CodeType, ModuleType

from logster.capture.app_code import LIBRARY_DIRECTORIES, STANDARD_LIBRARY, AppCode
from logster.capture.callsite import Template, templates_of
from logster.capture.plain import clean
from logster.capture.raised import RawFrame, Stack
from logster.entry import Frame
from logster.redaction import Redactor

_LINES_AROUND = 2
_LONGEST_LINE = 300
_MAX_PLACES = 10_000
_MAX_STACKS = 1_000


class Source:
    """What is known about places in code.

    Arguments:
        redactor: masks literal secrets in source lines.
        project_root: the directory of the app's own code; by default where the program was started.
    """

    def __init__(self, redactor: Redactor, project_root: str = "") -> None:
        self._redactor = redactor
        self._app_code = AppCode(project_root)
        # The code object is part of the value, so that its id stays its own.
        self._places: dict[tuple[int, int], tuple[CodeType, Frame]] = {}
        self._stacks: dict[Hashable, tuple[Stack, tuple[Frame, ...]]] = {}

    def stack(self, stack: Stack) -> tuple[Frame, ...]:
        """Return the frames for a stack; the same objects for the same stack."""
        identity = stack.identity()
        known = self._stacks.get(identity)
        if known is None:
            if len(self._stacks) >= _MAX_STACKS:
                self._stacks.clear()
            known = self._stacks[identity] = stack, tuple(map(self.frame, stack))
        return known[1]

    def frame(self, raw: RawFrame) -> Frame:
        """Return the frame for one place in code."""
        code, line, module = raw
        place = self._places.get((id(code), line))
        if place is None:
            if len(self._places) >= _MAX_PLACES:
                self._places.clear()
            name = module if isinstance(module, str) else ""
            place = code, self.place(code.co_filename, line, function=code.co_qualname, module=name)
            self._places[id(code), line] = place
        return place[1]

    def place(self, filename: str, line: int, *, function: str = "", module: str = "") -> Frame:
        """Return the frame for a line of a file."""
        index = line - 1
        lines = _lines(filename, module) if index >= 0 else []
        return Frame(
            file=shown(filename),
            function=function,
            line=line,
            module=module,
            source="".join(self._redacted(lines[index : index + 1])),
            before=self._redacted(lines[max(index - _LINES_AROUND, 0) : max(index, 0)]),
            after=self._redacted(lines[line : line + _LINES_AROUND]),
            in_app=self._app_code.holds(filename, module),
        )

    def call(self, filename: str, line: int, function: str) -> Frame:
        """Return the frame for the call of a logging method."""
        return self.place(filename, line, function=function, module=_module_of(filename))

    def templates(self, filename: str, line: int) -> list[Template]:
        """Return the templates of the logging calls in a line of a file."""
        lines = _lines(filename, _module_of(filename))
        return templates_of([each.rstrip("\n") for each in lines[line - 1 : line + 20]]) if line > 0 else []

    def _redacted(self, lines: list[str]) -> tuple[str, ...]:
        return tuple(self._redactor.source(clean(line.rstrip()[:_LONGEST_LINE])) for line in lines)


@lru_cache(maxsize=1_024)
def _module_of(filename: str) -> str:
    """Return the dotted name of the module in a file, which stays the same wherever the app is installed."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) == filename:
            return name
    return Path(filename).stem


def _lines(filename: str, module: str) -> list[str]:
    try:
        # With the module's loader linecache finds what lies in a zip file, too.
        loaded = sys.modules.get(module)
        lines = linecache.getlines(filename, vars(loaded) if loaded else None)
        return lines or _lines_of_loader(filename, loaded)
    except Exception:  # a loader may do anything
        return []


def _lines_of_loader(filename: str, module: ModuleType | None) -> list[str]:
    """Return the source of a module that is in no file: linecache never asks for what is called <…>."""
    spec = getattr(module, "__spec__", None)
    if spec is None or filename not in (spec.origin, getattr(module, "__file__", None)):
        return []
    source = spec.loader.get_source(spec.name)
    return source.splitlines(keepends=True) if isinstance(source, str) else []


def shown(filename: str) -> str:
    """Return the path of a file without the prefix where libraries are installed."""
    for directory in LIBRARY_DIRECTORIES:
        _, found, rest = filename.rpartition(f"{os.sep}{directory}{os.sep}")
        if found:
            return f"{directory}/{rest}"
    for prefix in STANDARD_LIBRARY:
        if filename.startswith(prefix):
            return f"{Path(prefix).name}/{filename[len(prefix) :]}"
    return filename
