"""The text of one source map → what it says of a place in the minified script. ECMA-426, index maps included.

The text of the sources stays as it came, undecoded, until somebody asks for it.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from logster.capture.mappings import BYTES_EACH, TOO_LARGE, BrokenMap, Mappings
from logster.capture.mappings import Original as Numbered

_BYTES_A_TEXT = 60  # apart from its characters
_LINE_ENDS = re.compile("\r\n|[\n\r\u2028\u2029]")
_NO_TEXT = msgspec.Raw(b"null")


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
        BrokenMap: it is no source map, or takes more.
        MissingExtra: ecma426 is not installed.
    """

    def __init__(self, data: bytes, max_bytes: int) -> None:
        self._mappings = Mappings(max_bytes // BYTES_EACH)
        whole = _parsed(data)
        self.debug_id = plain_debug_id(whole.debug_id or whole.debug_id_before or "")
        self._sources: list[str] = []
        self._names: list[str] = []
        self._contents: list[msgspec.Raw] = []
        self._ignored: set[int] = set()
        self._lines: dict[int, list[str]] = {}
        if whole.sections is None:
            self._take(whole)
        else:
            self._take_sections(whole.sections)
        self._mappings.end()
        # What is kept, about: the sources' text as it came, and what was decoded.
        self.size = len(data) + self._mappings.size + _BYTES_A_TEXT * (len(self._sources) + len(self._names))
        if self.size > max_bytes:
            raise BrokenMap(TOO_LARGE)

    def original(self, line: int, column: int) -> Original | None:
        """Return the original place of one in the minified script; None where nothing original stands there.

        Arguments:
            line: the line in the script, counted from 1.
            column: the column in UTF-16 code units, counted from 1.
        """
        return self._named(self._mappings.before(line, column))

    def beginning(self, line: int, column: int) -> Original | None:
        """Return the original place of a symbol that begins just there; None where the map has no mapping for it."""
        return self._named(self._mappings.at(line, column))

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
            except msgspec.DecodeError:
                return []
            self._lines[source] = lines_of(text)
        return self._lines[source]

    def forget_lines(self) -> None:
        """Let go of the lines that were asked for, which only the frames of one stack need again and again."""
        self._lines.clear()

    def _named(self, found: Numbered | None) -> Original | None:
        if found is None:
            return None
        name = "" if found.name is None else self._names[found.name]
        return Original(found.source, found.line, found.column, name)

    def _take_sections(self, sections: list[_Section]) -> None:
        last = (-1, -1)
        for section in sections:
            start = (section.offset.line, section.offset.column)
            if start <= last:
                raise BrokenMap("has sections in the wrong order")
            self._mappings.begin(*start)
            self._take(section.map, start[1])
            last = start

    def _take(self, regular: _Regular, column: int = 0) -> None:
        sources = range(len(self._sources), len(self._sources) + len(regular.sources))
        names = range(len(self._names), len(self._names) + len(regular.names))
        self._sources += (_path(regular.source_root or "", each or "") for each in regular.sources)
        self._names += regular.names
        texts = _texts(regular.contents)[: len(sources)]
        self._contents += texts + [_NO_TEXT] * (len(sources) - len(texts))
        self._ignored.update(sources.start + each for each in (*regular.ignored, *regular.ignored_before))
        self._mappings.add(regular.mappings, column=column, sources=sources, names=names)


def lines_of(text: str) -> list[str]:
    """Return the lines of a script, which end where JavaScript says so."""
    return _LINE_ENDS.split(text)


def plain_debug_id(text: str) -> str:
    """Return a debug id in small letters without hyphens; nothing where it is none."""
    plain = text.replace("-", "").lower()
    return plain if re.fullmatch("[0-9a-f]{32}", plain) else ""


def _parsed(data: bytes) -> _Whole:
    # Servers may put a line before it, against sites that would include it as a script.
    if data.startswith(b")]}"):
        data = data.partition(b"\n")[2]
    try:
        whole = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Whole)
    except (ValueError, RecursionError):  # what is not in UTF-8 is a ValueError, too
        raise BrokenMap("is not a source map") from None
    if whole.version != 3:
        raise BrokenMap("is not a source map of version 3")
    return whole


def _texts(contents: msgspec.Raw) -> list[msgspec.Raw]:
    if bytes(contents).strip() in (b"", b"null"):
        return []
    try:
        # A copy, or the whole text of the map would stay.
        return msgspec.json.decode(contents.copy(), type=list[msgspec.Raw])
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
