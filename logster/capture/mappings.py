"""The mappings of a source map: which place in the script comes from which place in which source.

Owns the form in which they are kept: five numbers each, in arrays. ecma426 decodes the numbers (VLQ); its own index of
a map takes twenty times as much memory.
"""

import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from logster.errors import MissingExtra

BYTES_EACH = 20
TOO_LARGE = "is larger than 'source_maps_max_bytes' allows"
_NONE = 2**32 - 1
# Five numbers of at most seven digits. What is longer is no segment, and may take for ever to find out.
_LONGEST_SEGMENT = 35
_MOST_SEGMENTS = 20_000
# The program's own threads go first: after so many mappings the decoder lets them.
_A_TURN = 1_000


class BrokenMap(ValueError):
    """A source map that cannot be used; the text says why, as the end of a sentence about the map."""


class Original(NamedTuple):
    """A place in a source: `line` and `column` are counted from 1, `source` and `name` are numbers in the map.

    `name` is that of the symbol there, where the minifier renamed it, else None.
    """

    source: int
    line: int
    column: int
    name: int | None


class Mappings:
    """Mappings in the order of the script.

    Arguments:
        at_most: how many there may be, lines of the script counted as well.

    Raises:
        MissingExtra: ecma426 is not installed.
    """

    def __init__(self, at_most: int) -> None:
        self._vlq = _vlq_decoder()
        self._at_most = at_most
        self._line_starts = array("I", [0])
        self._columns = array("I")
        self._sources, self._lines, self._source_columns, self._names = (array("I") for _ in range(4))
        self._segments: dict[str, Sequence[int]] = {}

    @property
    def size(self) -> int:
        """How much memory they take, in bytes."""
        return BYTES_EACH * len(self._columns) + self._line_starts.itemsize * len(self._line_starts)

    def begin(self, line: int, column: int) -> None:
        """Go on at a place of the script, counted from 0, from where on what was added before does not reach.

        Raises:
            BrokenMap: the place is before what was added.
        """
        self._check_count(line)
        # What was added may reach into the line, and no further.
        if line < 0 or column < 0 or len(self._line_starts) > line + 1:
            raise BrokenMap("has sections in the wrong order")
        while len(self._line_starts) <= line:
            self._line_starts.append(len(self._columns))
        self._add(column, _NONE, 0, 0, _NONE)

    def add(self, text: str, *, column: int, sources: range, names: range) -> None:
        """Decode mappings.

        Arguments:
            text: as they stand in a source map.
            column: where in its line the first begins to count.
            sources: the numbers of the sources that they may be of.
            names: the same for names.

        Raises:
            BrokenMap: they are not valid, or too many.
        """
        self._check_count(len(self._columns) + len(self._line_starts) + text.count(",") + text.count(";"))
        try:
            self._decode(text, column, sources, names)
        except (ValueError, IndexError, OverflowError):
            raise BrokenMap("is broken") from None

    def end(self) -> None:
        """Say that nothing is added any more."""
        self._line_starts.append(len(self._columns))
        self._segments.clear()

    def before(self, line: int, column: int) -> Original | None:
        """Return the original of the last mapping of a line up to a column, both counted from 1."""
        position = self._position(line, column)
        return None if position is None else self._original(position)

    def at(self, line: int, column: int) -> Original | None:
        """Return the original of the mapping at a place, both counted from 1."""
        position = self._position(line, column)
        if position is None or self._columns[position] != column - 1:
            return None
        return self._original(position)

    def _position(self, line: int, column: int) -> int | None:
        if not 0 < line < len(self._line_starts) or column < 1:
            return None
        start, end = self._line_starts[line - 1], self._line_starts[line]
        position = bisect_right(self._columns, column - 1, start, end) - 1
        return position if position >= start else None

    def _original(self, position: int) -> Original | None:
        source, name = self._sources[position], self._names[position]
        if source == _NONE:
            return None
        line, column = self._lines[position] + 1, self._source_columns[position] + 1
        return Original(source, line, column, None if name == _NONE else name)

    def _decode(self, text: str, column: int, sources: range, names: range) -> None:
        known, add = self._segments, self._add
        source = line = source_column = name = 0
        for number, segments in enumerate(text.split(";")):
            if number:
                self._line_starts.append(len(self._columns))
                column = 0
            is_sorted = True
            for segment in segments.split(",") if segments else ():
                # Most segments come up again and again.
                fields = known.get(segment) or self._fields(segment)
                is_sorted = is_sorted and fields[0] >= 0
                column += fields[0]
                if len(fields) == 1:
                    add(column, _NONE, 0, 0, _NONE)
                    continue
                source += fields[1]
                line += fields[2]
                source_column += fields[3]
                named = _NONE
                if len(fields) == 5:
                    name += fields[4]
                    named = _numbered(names, name)
                add(column, _numbered(sources, source), line, source_column, named)
            if not is_sorted:
                self._sort(self._line_starts[-1])

    def _fields(self, segment: str) -> Sequence[int]:
        fields = self._vlq(segment) if len(segment) <= _LONGEST_SEGMENT else ()
        if len(fields) not in (1, 4, 5):
            raise ValueError("a segment has one, four or five fields")
        if len(self._segments) < _MOST_SEGMENTS:
            self._segments[segment] = fields
        return fields

    def _add(self, column: int, source: int, line: int, source_column: int, name: int) -> None:
        self._columns.append(column)
        self._sources.append(source)
        self._lines.append(line)
        self._source_columns.append(source_column)
        self._names.append(name)
        if len(self._columns) % _A_TURN == 0:
            time.sleep(0)

    def _sort(self, start: int) -> None:
        """Bring the mappings from `start` on into the order of their columns."""
        order = sorted(range(start, len(self._columns)), key=self._columns.__getitem__)
        for each in (self._columns, self._sources, self._lines, self._source_columns, self._names):
            each[start:] = array("I", [each[position] for position in order])

    def _check_count(self, count: int) -> None:
        if count > self._at_most:
            raise BrokenMap(TOO_LARGE)


def _numbered(numbers: range, position: int) -> int:
    if position < 0:
        raise IndexError("a number is counted from 0")
    return numbers[position]


def _vlq_decoder() -> Callable[[str], list[int]]:
    try:
        from ecma426.vlq import decode_string
    except ImportError:
        raise MissingExtra("Reading source maps", "sourcemaps") from None
    return decode_string  # type: ignore[no-any-return]
