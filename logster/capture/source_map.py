"""The text of one source map → which original place a place in the minified script has. ECMA-426, index maps included.

Owns the form in which a map is kept: five numbers a mapping, in arrays, and the sources' text as it came, undecoded.
ecma426 decodes the numbers (VLQ). Its own index of a whole map is not used: it takes twenty times as much memory.
"""

import re
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from logster.errors import MissingExtra

BYTES_A_MAPPING = 20
_BYTES_A_TEXT = 60  # apart from its characters
TOO_LARGE = "is larger than 'source_maps_max_bytes' allows"
_NONE = 2**32 - 1
# Five numbers of at most seven digits. What is longer is no segment, and may take for ever to find out.
_LONGEST_SEGMENT = 35
# The program's own threads go first: so often the decoder lets them.
_MAPPINGS_A_TURN = 500
_LINE_ENDS = re.compile("\r\n|[\n\r\u2028\u2029]")


class BrokenMap(ValueError):
    """A source map that cannot be used; the text says why, as the end of a sentence about the map."""


class Original(NamedTuple):
    """A place in a source: `line` and `column` are counted from 1, `source` is its number in the map.

    `name` is what the symbol there is called in the source, where the minifier renamed it.
    """

    source: int
    line: int
    column: int
    name: str


class _Offset(msgspec.Struct):
    line: int
    column: int


class _Regular(msgspec.Struct):
    """The fields of a map that has no sections. Text of sources may be large and is looked at when it is asked for."""

    mappings: str = ""
    sources: list[str | None] = []
    names: list[str] = []
    source_root: str | None = msgspec.field(default=None, name="sourceRoot")
    contents: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="sourcesContent")
    ignored: list[int] = msgspec.field(default=[], name="ignoreList")
    ignored_before: list[int] = msgspec.field(default=[], name="x_google_ignoreList")


class _Section(msgspec.Struct):
    offset: _Offset
    map: _Regular


class _Whole(_Regular):
    version: int = 0
    debug_id: str | None = msgspec.field(default=None, name="debugId")
    debug_id_before: str | None = msgspec.field(default=None, name="debug_id")
    sections: list[_Section] | None = None


class SourceMap:
    """One source map, decoded.

    Arguments:
        data: its text, in UTF-8.
        max_bytes: how much memory it may take, about.

    Raises:
        BrokenMap: it is no source map, or has too many mappings.
        MissingExtra: ecma426 is not installed.
    """

    def __init__(self, data: bytes, max_bytes: int) -> None:
        self._decode = _vlq_decoder()
        whole = _parsed(data)
        self.debug_id = plain_debug_id(whole.debug_id or whole.debug_id_before or "")
        self._sources: list[str] = []
        self._names: list[str] = []
        self._contents: list[msgspec.Raw] = []
        self._ignored: set[int] = set()
        self._lines: dict[int, list[str]] = {}
        self._line_starts = array("I", [0])
        self._columns = array("I")
        self._places = (array("I"), array("I"), array("I"), array("I"))  # source, line, column, name
        self._max_mappings = max_bytes // BYTES_A_MAPPING
        try:
            self._take(whole)
        except (ValueError, OverflowError, IndexError) as error:
            raise error if isinstance(error, BrokenMap) else BrokenMap("is broken") from None
        self._line_starts.append(len(self._columns))
        # What is kept, about: the sources' text as it came, and what was decoded.
        arrays = BYTES_A_MAPPING * len(self._columns) + 4 * len(self._line_starts)
        self.size = len(data) + arrays + _BYTES_A_TEXT * (len(self._sources) + len(self._names))
        if self.size > max_bytes:
            raise BrokenMap(TOO_LARGE)

    def original(self, line: int, column: int) -> Original | None:
        """Return the original place of one in the minified script; None where nothing original stands there.

        Arguments:
            line: the line in the script, counted from 1.
            column: the column in UTF-16 code units, counted from 1.
        """
        position = self._position(line, column)
        return None if position is None else self._at(position)

    def beginning(self, line: int, column: int) -> Original | None:
        """Return the original place of a symbol that begins just there; None where the map has no mapping for it."""
        position = self._position(line, column)
        if position is None or self._columns[position] != column - 1:
            return None
        return self._at(position)

    def file(self, source: int) -> str:
        """Return the path of a source, as a reader of the project knows it."""
        return self._sources[source]

    def is_ignored(self, source: int) -> bool:
        """Return whether the map says that a source is not the app's own code."""
        return source in self._ignored

    def lines(self, source: int) -> list[str]:
        """Return the text of a source by lines; nothing where the map does not hold it."""
        if source not in self._lines:
            try:
                text = msgspec.json.decode(self._contents[source], type=str)
            except (IndexError, msgspec.DecodeError):
                return []
            self._lines[source] = lines_of(text)
        return self._lines[source]

    def forget_lines(self) -> None:
        """Let go of the lines that were asked for, which only the frames of one stack need again and again."""
        self._lines.clear()

    def _position(self, line: int, column: int) -> int | None:
        if not 0 < line < len(self._line_starts) or column < 1:
            return None
        start, end = self._line_starts[line - 1], self._line_starts[line]
        position = bisect_right(self._columns, column - 1, start, end) - 1
        return position if position >= start else None

    def _at(self, position: int) -> Original | None:
        source, line, column, name = (each[position] for each in self._places)
        if source == _NONE:
            return None
        return Original(source, line + 1, column + 1, "" if name == _NONE else self._names[name])

    def _take(self, whole: _Whole) -> None:
        if whole.sections is None:
            self._take_regular(whole, 0, 0)
            return
        last = (-1, -1)
        for section in whole.sections:
            start = (section.offset.line, section.offset.column)
            # What was taken before may reach into the line in which the section begins, and no further.
            if start <= last or min(start) < 0 or len(self._line_starts) > start[0] + 1:
                raise BrokenMap("has sections in the wrong order")
            self._check_count(start[0])
            self._take_regular(section.map, *start)
            last = start

    def _take_regular(self, regular: _Regular, line: int, column: int) -> None:
        self._check_count(line + len(self._columns) + regular.mappings.count(",") + regular.mappings.count(";"))
        first_source, first_name = len(self._sources), len(self._names)
        self._sources += (_path(regular.source_root or "", each or "") for each in regular.sources)
        self._names += regular.names
        contents = bytes(regular.contents).strip()
        if contents not in (b"", b"null"):
            texts = _texts(contents)[: len(regular.sources)]
            self._contents += texts + [msgspec.Raw(b"null")] * (len(regular.sources) - len(texts))
        else:
            self._contents += [msgspec.Raw(b"null")] * len(regular.sources)
        self._ignored.update(first_source + each for each in (*regular.ignored, *regular.ignored_before))
        while len(self._line_starts) <= line:
            self._line_starts.append(len(self._columns))
        if line or column:
            self._add(column, _NONE, 0, 0, _NONE)  # what stood before the section does not reach into it
        self._decode_mappings(regular, column, first_source, first_name)

    def _decode_mappings(self, regular: _Regular, column_offset: int, first_source: int, first_name: int) -> None:
        source = line = column = name = 0
        for number, segments in enumerate(regular.mappings.split(";")):
            if number:
                self._line_starts.append(len(self._columns))
            generated = 0 if number else column_offset
            is_sorted = True
            for fields in self._fields(segments):
                is_sorted = is_sorted and fields[0] >= 0
                generated += fields[0]
                if len(fields) == 1:
                    self._add(generated, _NONE, 0, 0, _NONE)
                    continue
                source += fields[1]
                line += fields[2]
                column += fields[3]
                if not 0 <= source < len(regular.sources):
                    raise BrokenMap("is broken")
                if len(fields) == 5:
                    name += fields[4]
                    if not 0 <= name < len(regular.names):
                        raise BrokenMap("is broken")
                named = first_name + name if len(fields) == 5 else _NONE
                self._add(generated, first_source + source, line, column, named)
            if not is_sorted:
                self._sort(self._line_starts[-1])

    def _fields(self, segments: str) -> Iterator[list[int]]:
        if not segments:
            return
        for count, segment in enumerate(segments.split(",")):
            if count % _MAPPINGS_A_TURN == 0:
                time.sleep(0)
            if len(segment) > _LONGEST_SEGMENT:
                raise BrokenMap("is broken")
            fields = self._decode(segment)
            if len(fields) not in (1, 4, 5):
                raise BrokenMap("is broken")
            yield fields

    def _add(self, generated: int, source: int, line: int, column: int, name: int) -> None:
        self._columns.append(generated)
        sources, lines, columns, names = self._places
        sources.append(source)
        lines.append(line)
        columns.append(column)
        names.append(name)

    def _sort(self, start: int) -> None:
        """Bring the mappings from `start` on into the order of their columns."""
        order = sorted(range(start, len(self._columns)), key=self._columns.__getitem__)
        for each in (self._columns, *self._places):
            each[start:] = array("I", [each[position] for position in order])

    def _check_count(self, mappings: int) -> None:
        if mappings > self._max_mappings:
            raise BrokenMap(TOO_LARGE)


def lines_of(text: str) -> list[str]:
    """Return the lines of a script, which end where JavaScript says so."""
    return _LINE_ENDS.split(text)


def plain_debug_id(text: str) -> str:
    """Return a debug id in small letters without hyphens; nothing where it is none."""
    plain = text.replace("-", "").lower()
    return plain if re.fullmatch("[0-9a-f]{32}", plain) else ""


def _vlq_decoder() -> Callable[[str], list[int]]:
    try:
        from ecma426.vlq import decode_string
    except ImportError:
        raise MissingExtra("Reading source maps", "sourcemaps") from None
    return decode_string  # type: ignore[no-any-return]


def _parsed(data: bytes) -> _Whole:
    # Servers may put a line before it, against sites that would include it as a script.
    if data.startswith(b")]}"):
        data = data.partition(b"\n")[2]
    try:
        whole = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Whole)
    except (ValueError, RecursionError):  # an invalid UTF-8 is a ValueError, too
        raise BrokenMap("is not a source map") from None
    if whole.version != 3:
        raise BrokenMap("is not a source map of version 3")
    return whole


def _texts(contents: bytes) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(contents, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        raise BrokenMap("is broken") from None


def _path(root: str, source: str) -> str:
    """Return the path of a source without what depends on its build: "webpack://shop/./src/a.js" is src/a.js."""
    if root and "://" not in source and not source.startswith("/"):
        source = f"{root.rstrip('/')}/{source}"
    scheme, separator, rest = source.partition("://")
    if separator and scheme in ("http", "https"):
        return source
    if separator:
        try:
            source = urlsplit(source).path
        except ValueError:
            source = rest
        if scheme != "file":
            source = source.lstrip("/")
    path = source.partition("?")[0] or source
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1]:
            parts.pop()
        elif part not in (".", ".."):
            parts.append(part)
    return "/".join(parts)
