"""A browser's stack in a minified script → the same stack in its sources, by the maps of a directory.

Owns which maps are kept in memory, and what is said where there is none. Reads files and decodes, which takes its time,
so that it belongs on the worker's thread.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from logster.capture.function_names import Script, is_defined, name_in_call, name_in_script, plain_name
from logster.capture.map_files import MapFiles, Signature, signature_of
from logster.capture.mappings import TOO_LARGE, BrokenMap
from logster.capture.plain import clean
from logster.capture.source_map import Original, SourceMap, plain_debug_id
from logster.entry import Frame
from logster.errors import MissingExtra
from logster.forking import after_fork
from logster.redaction import Redactor
from logster.settings import Settings

_LINES_AROUND = 2
_LONGEST_LINE = 300
_LONGEST_FILE = 1_000
_LONGEST_FUNCTION = 300
_MOST_SCRIPTS = 10
_MOST_FRAMES = 1_000
_MOST_FILES = 500
_BYTES_OF_A_PROBLEM = 1_000
_SCRIPTS = (".js", ".mjs", ".cjs")
_NOT_THE_APPS = ("node_modules/", "webpack/", "(webpack)", "\0")


class Resolved(NamedTuple):
    """A stack in its sources.

    `telling` are the frames that stay the same from build to build; `hint` says why the stack is as it was minified.
    """

    frames: tuple[Frame, ...]
    telling: tuple[Frame, ...]
    hint: str


class _Kept:
    """What is known of one file: the map, with its script where that lies beside it, or what is wrong with it."""

    def __init__(self, signatures: tuple[Signature, ...]) -> None:
        self.signatures = signatures
        self.map: SourceMap | None = None
        self.script: Script | None = None
        self.problem = ""
        self.size = _BYTES_OF_A_PROBLEM


class SourceMaps:
    """The source maps of a directory.

    Arguments:
        directory: where they are.
        max_bytes: how large a map may be, and how much memory all that are kept may take.
        redactor: masks what the sources hold.
    """

    def __init__(self, directory: str, max_bytes: int, redactor: Redactor) -> None:
        self._files = MapFiles(directory, max_bytes)
        self._max_bytes = max_bytes
        self._redactor = redactor
        self._kept: OrderedDict[Path, _Kept] = OrderedDict()
        # What was resolved already, for as long as no map comes or goes.
        self._frames: dict[tuple[object, ...], Frame] = {}
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """How much memory the maps take that are kept, in bytes, about."""
        return sum(each.size for each in self._kept.values())

    def resolve(self, frames: Sequence[Frame], debug_ids: Mapping[str, str]) -> Resolved:
        """Return a stack in its sources; frames that no map knows stay as they are.

        Arguments:
            frames: the browser's, outermost call first.
            debug_ids: the debug ids of scripts, by their addresses, as far as the browser knows them.
        """
        with self._lock:
            maps = self._maps_for(frames, debug_ids)
            resolved: list[Frame] = []
            telling: list[Frame] = []
            caller: Frame | None = None
            for frame in frames:
                kept = maps.get(frame.file)
                found = self._frame(frame, kept, caller, maps.get(caller.file) if caller else None) if kept else None
                if found is not None:
                    telling.append(found)
                resolved.append(found or _of_the_bundler(frame, kept))
                caller = frame
            for each in maps.values():
                if each.map is not None:
                    each.map.forget_lines()
        return Resolved(tuple(resolved), tuple(telling or frames), self._hint(frames, maps, bool(telling)))

    def _maps_for(self, frames: Sequence[Frame], debug_ids: Mapping[str, str]) -> dict[str, _Kept]:
        # The innermost first, should a stranger name more scripts than are looked for.
        files = list(dict.fromkeys(frame.file for frame in reversed(frames) if _is_of_the_site(frame.file)))
        found: dict[str, _Kept] = {}
        for file in files[:_MOST_SCRIPTS]:
            room = self._max_bytes - sum(each.size for each in found.values())
            kept = self._map_of(file, debug_ids.get(file, ""), room)
            if kept is not None:
                found[file] = kept if kept.size <= room else _without_room(kept)
        return found

    def _map_of(self, file: str, debug_id: str, room: int) -> _Kept | None:
        said = self._files.debug_id_of(file)
        wanted = plain_debug_id(debug_id) or said
        path = self._files.with_debug_id(wanted)
        if path is not None:
            # The script of that address may be another build's by now.
            script = self._files.named(file, "") if said == wanted else self._files.script_of(path)
        else:
            path = self._files.named(file)
            script = self._files.script_of(path) if path else None
        if path is None:
            return None
        kept = self._read(path, script, room)
        if kept.map is not None and wanted and kept.map.debug_id not in ("", wanted):
            other = _Kept(kept.signatures)
            other.problem = "is of another build"
            return other
        return kept

    def _read(self, path: Path, script_path: Path | None, room: int) -> _Kept:
        signatures = tuple(_signature(each) for each in (path, script_path) if each)
        kept = self._kept.get(path)
        if kept is None or kept.signatures != signatures:
            self._frames.clear()
            self._kept.pop(path, None)
            kept = _Kept(signatures)
            if self._max_bytes >= signatures[0].size > room:  # what one stack needs has to fit at the same time
                return _without_room(kept)
            self._load(kept, path, script_path)
            self._make_room(kept.size)
            self._kept[path] = kept
        self._kept.move_to_end(path)
        return kept

    def _load(self, kept: _Kept, path: Path, script_path: Path | None) -> None:
        try:
            kept.map = SourceMap(_content(path, self._max_bytes), self._max_bytes)
        except BrokenMap as error:
            kept.problem = str(error)
        except OSError:
            kept.problem = "cannot be read"
        except MissingExtra as error:
            kept.problem = f"is not read. {error}"
        if kept.map is None:
            return
        kept.size = kept.map.size
        try:
            script = Script(_content(script_path, self._max_bytes)) if script_path else None
        except (BrokenMap, OSError):
            return
        # The names of functions are worth less than the memory that was granted.
        if script is not None and kept.size + script.size <= self._max_bytes:
            kept.script = script
            kept.size += script.size

    def _make_room(self, size: int) -> None:
        while self._kept and (self.size + size > self._max_bytes or len(self._kept) >= _MOST_FILES):
            self._kept.popitem(last=False)

    def _frame(self, frame: Frame, kept: _Kept, caller: Frame | None, caller_map: _Kept | None) -> Frame | None:
        if kept.map is None:
            return None
        called_at = caller and (caller.file, caller.line, caller.column)
        place = kept, frame.line, frame.column, frame.function, called_at, caller_map
        known = self._frames.get(place)
        if known is None:
            original = kept.map.original(frame.line, frame.column)
            if original is None or not kept.map.file(original.source):
                return None
            lines = kept.map.lines(original.source)
            function = _function(frame, kept, caller, caller_map, lines, original)
            if len(self._frames) >= _MOST_FRAMES:
                self._frames.clear()
            known = self._frames[place] = self._original_frame(kept.map, original, lines, function)
        return known

    def _original_frame(self, source_map: SourceMap, original: Original, lines: list[str], function: str) -> Frame:
        file = source_map.file(original.source)
        index = original.line - 1
        return Frame(
            file=self._redactor.url(clean(file.replace("\0", "")[:_LONGEST_FILE])),
            function=self._redactor.text(clean(function[:_LONGEST_FUNCTION])),
            line=original.line,
            column=original.column,
            source="".join(self._redacted(lines[index : index + 1])),
            before=self._redacted(lines[max(index - _LINES_AROUND, 0) : index]),
            after=self._redacted(lines[original.line : original.line + _LINES_AROUND]),
            in_app=not source_map.is_ignored(original.source) and not any(each in file for each in _NOT_THE_APPS),
        )

    def _redacted(self, lines: list[str]) -> tuple[str, ...]:
        return tuple(self._redactor.source(clean(line.rstrip()[:_LONGEST_LINE])) for line in lines)

    def _hint(self, frames: Sequence[Frame], maps: Mapping[str, _Kept], is_resolved: bool) -> str:
        for frame in reversed(frames):
            name = _name_of(frame.file)
            kept = maps.get(frame.file)
            if kept is not None and kept.problem:
                return f"Shown as it is minified: {name}.map {kept.problem}."
            # What is not ours has no map, and is no news where the rest has one.
            if kept is None and not is_resolved and _is_of_the_site(frame.file) and name.endswith(_SCRIPTS):
                return f"Shown as it is minified: there is no {name}.map in 'source_maps_directory'."
        return ""


def source_maps(settings: Settings) -> SourceMaps:
    """Return the source maps of the settings' directory; the same object for the same settings."""
    return _source_maps(settings.source_maps_directory, settings.source_maps_max_bytes, settings.redact_keys)


@lru_cache(maxsize=2)
def _source_maps(directory: str, max_bytes: int, redact_keys: tuple[str, ...]) -> SourceMaps:
    return SourceMaps(directory, max_bytes, Redactor(redact_keys))


def _function(
    frame: Frame,
    kept: _Kept,
    caller: Frame | None,
    caller_map: _Kept | None,
    lines: list[str],
    original: Original,
) -> str:
    """Return the original name of a frame's function; nothing rather than one that the next build changes."""
    name = plain_name(frame.function)
    if not name or kept.map is None:
        return ""
    found = name_in_script(name, kept.script, kept.map, frame.line, frame.column) if kept.script else ""
    if not found and caller is not None and caller_map is not None and caller_map.map is not None:
        found = name_in_call(name, caller_map.map, caller.line, caller.column)
    if not found and is_defined(name, lines, original.line):
        found = name
    return f"new {found}" if found and frame.function.startswith("new ") else found


def _without_room(kept: _Kept) -> _Kept:
    left_out = _Kept(kept.signatures)
    left_out.problem = "does not fit into 'source_maps_max_bytes' beside the others"
    return left_out


def _of_the_bundler(frame: Frame, kept: _Kept | None) -> Frame:
    """Return a frame that its script's map does not know, which is nothing that somebody wrote."""
    if kept is None or kept.map is None:
        return frame
    return Frame(file=frame.file, function=frame.function, line=frame.line, column=frame.column)


def _is_of_the_site(file: str) -> bool:
    """Return whether a page has a script from somewhere, which is not so for the browser's extensions and eval."""
    scheme, separator, _ = file.partition("://")
    return bool(separator) and not scheme.endswith("-extension") and not scheme.startswith(("webpack", "webkit"))


def _name_of(file: str) -> str:
    try:
        return urlsplit(file).path.rpartition("/")[2]
    except ValueError:
        return ""


def _signature(path: Path) -> Signature:
    try:
        return signature_of(path)
    except OSError:
        return Signature(0, 0, 0)


def _content(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > max_bytes:
            raise BrokenMap(TOO_LARGE)
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise BrokenMap(TOO_LARGE)
    return data


# The lock of another thread would never be released in a child.
after_fork(_source_maps.cache_clear)
