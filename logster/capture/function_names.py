"""What a function of a minified script is called in its source.

A source map names symbols, not functions. So the name that the browser says is looked for in the script, where a
function of that name is defined, and the map is asked about that place; without the script, where the caller calls it.
"""

import re
import sys
from functools import lru_cache

import re2

from logster.capture.source_map import Original, SourceMap, lines_of

# How far before the place that was running its function may begin, in characters.
_FARTHEST = 50_000
_LONGEST_NAME = 100
_MOST_DEFINITIONS = 50
_IDENTIFIER = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_ARGUMENTS = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
# "function n(", "class n", "n=function", "n=(e)=>", "n:e=>", "n=class", "n(e){"; N stands for the name.
_DEFINITION = (
    r"(?:(?:function\b\s*\*?\s*|class\s+)(N)(?:[^\w$]|$))"
    r"|(?:^|[^\w$])(N)\s*(?:"
    r"[=:]\s*(?:async\b\s*)?(?:function\b|class\b|[\w$]+\s*=>|ARGUMENTS(?:\s*:[^=(){};]*)?\s*=>)"
    r"|ARGUMENTS(?:\s*:[^=(){};]*)?\s*\{)"
)


class Script:
    """The text of a minified script.

    Arguments:
        data: its bytes, in UTF-8.
    """

    def __init__(self, data: bytes) -> None:
        self._lines = lines_of(data.decode(errors="replace"))
        self.size = sum(map(sys.getsizeof, self._lines))

    def definition(self, name: str, line: int, column: int) -> tuple[int, int] | None:
        """Return line and column of the name in the last definition of a function or class before a place.

        Arguments:
            name: the function's name.
            line: the line of the place, counted from 1.
            column: its column in UTF-16 code units, counted from 1; so is that which is returned.
        """
        if not 0 < line <= len(self._lines):
            return None
        text = self._lines[line - 1]
        pieces = [text[: _index(text, column - 1)]]
        room = _FARTHEST - len(pieces[0])
        while room > 0 and line > 1:
            line -= 1
            pieces.append(self._lines[line - 1])
            room -= len(pieces[-1]) + 1
        text = "\n".join(reversed(pieces))
        start = max(len(text) - _FARTHEST, 0)
        found = _last_definition(name, text[start:])
        if found is None:
            return None
        before = text[: start + found].split("\n")
        return line + len(before) - 1, _units(before[-1]) + 1


def plain_name(function: str) -> str:
    """Return the name itself of what a browser calls a function; nothing where that has none.

    V8 says "new Basket", "Basket.pay", "Object.n [as pay]", Firefox "checkout/<".
    """
    name = function.partition(" [as ")[0].removeprefix("async ").removeprefix("new ").rpartition(".")[2]
    return name if len(name) <= _LONGEST_NAME and _IDENTIFIER.fullmatch(name) else ""


def name_in_script(name: str, script: Script, source_map: SourceMap, line: int, column: int) -> str:
    """Return the original name of the function that runs at a place of a script; nothing where it is not known."""
    place = script.definition(name, line, column)
    if place is None:
        return ""
    original = source_map.beginning(*place)
    if original is None:
        return ""
    return original.name or (name if _stands_at(name, source_map, original) else "")


def name_in_call(name: str, source_map: SourceMap, line: int, column: int) -> str:
    """Return the original name of the function that is called at a place; nothing where it is not known."""
    original = source_map.beginning(line, column)
    if original is None:
        return ""
    return original.name or (name if _stands_at(name, source_map, original) else "")


def is_defined(name: str, lines: list[str], line: int) -> bool:
    """Return whether a source defines a function of this name before or in a line, counted from 1."""
    return _last_definition(name, "\n".join(lines[:line])[-_FARTHEST:]) is not None


def _stands_at(name: str, source_map: SourceMap, original: Original) -> bool:
    """Return whether a source has a name at a place, or the map does not hold the source."""
    lines = source_map.lines(original.source)
    if not lines:
        return True
    text = lines[original.line - 1] if original.line <= len(lines) else ""
    return text.startswith(name, _index(text, original.column - 1))


def _last_definition(name: str, text: str) -> int | None:
    """Return where a name stands in the last definition in a text, rather in one that is still open at its end."""
    matches = _definition_of(name).finditer(text)
    starts: list[int] = [match.start(1) if match[1] is not None else match.start(2) for match in matches][
        -_MOST_DEFINITIONS:
    ]
    for start in reversed(starts):
        if text.count("{", start) > text.count("}", start):
            return start
    return starts[-1] if starts else None


@lru_cache(maxsize=500)
def _definition_of(name: str) -> "re2._Regexp":
    return re2.compile(_DEFINITION.replace("ARGUMENTS", _ARGUMENTS).replace("N", re2.escape(name)))


def _index(text: str, units: int) -> int:
    """Return which character begins after so many UTF-16 code units."""
    if text.isascii():
        return min(units, len(text))
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))


def _units(text: str) -> int:
    """Return how many UTF-16 code units a text takes."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2
