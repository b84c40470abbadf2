"""Which file of a directory is the source map of a script: by the script's address, or by its debug id.

Owns what a stranger's address may lead to: regular files below the directory, and nothing else.
"""

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from logster.capture.source_map import plain_debug_id

_MOST_FILES = 20_000
_MOST_SEGMENTS = 8
_LONGEST_PATH = 1_000
_PIECE = 1_000_000
_OVERLAP = 100
_END_OF_SCRIPT = 4_000
_SECONDS_BETWEEN_WALKS = 5.0
_IN_MAP = re.compile(rb'(?<!\\)"debug_?[iI]d"\s*:\s*"([0-9a-fA-F-]{32,36})"')
_IN_SCRIPT = re.compile(rb"^//[#@] debugId=([0-9a-fA-F-]{32,36})\s*$", re.MULTILINE)


class Signature(NamedTuple):
    """What changes when a file does."""

    inode: int
    size: int
    modified_ns: int


class MapFiles:
    """The source maps below a directory.

    Arguments:
        directory: where they are; whatever lies outside is out of reach, by links too.
        max_bytes: the largest file that is looked into.
        seconds_between_walks: how long a debug id that no file has is not looked for again.
    """

    def __init__(
        self, directory: str, max_bytes: int, *, seconds_between_walks: float = _SECONDS_BETWEEN_WALKS
    ) -> None:
        self._directory = Path(directory)
        self._max_bytes = max_bytes
        self._seconds_between_walks = seconds_between_walks
        self._walk_at = 0.0
        self._ids: dict[Path, tuple[Signature, str]] = {}
        self._by_id: dict[str, Path] = {}

    def named(self, address: str, suffix: str = ".map") -> Path | None:
        """Return the file whose path ends as that of a script's address does, the longest such path first.

        Arguments:
            address: where the browser has the script from.
            suffix: what the file's name has after the script's.
        """
        segments = _segments(address)
        if not segments:
            return None
        root = self._root()
        for start in range(len(segments)):
            path = self._inside(root, root.joinpath(*segments[start:-1], segments[-1] + suffix))
            if path is not None:
                return path
        return None

    def with_debug_id(self, debug_id: str) -> Path | None:
        """Return the source map that has a debug id."""
        if not debug_id:
            return None
        known = self._by_id.get(debug_id)
        if known is not None and (found := self._inside(self._root(), known)) and self._id_in(found) == debug_id:
            return found
        # Whoever reports ids that are in no file is not to keep the disk busy.
        if time.monotonic() < self._walk_at:
            return None
        self._walk()
        self._walk_at = time.monotonic() + self._seconds_between_walks
        return self._by_id.get(debug_id)

    def debug_id_of(self, address: str) -> str:
        """Return the debug id that a script says at its end, where the script lies in the directory, too."""
        path = self.named(address, "")
        return self._known_id(path, _id_at_end) if path else ""

    def script_of(self, path: Path) -> Path | None:
        """Return the script that lies beside its source map."""
        return self._inside(self._root(), path.with_suffix("")) if path.suffix == ".map" else None

    def _root(self) -> Path:
        # Anew each time: what a release replaces is often a link.
        return Path(os.path.realpath(self._directory))

    def _inside(self, root: Path, path: Path) -> Path | None:
        """Return where a regular file really lies; None where that is not below the root."""
        try:
            # Most are not there, and this is much cheaper than to follow the links.
            if not stat.S_ISREG(path.stat().st_mode):
                return None
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            return None
        return real if real.is_relative_to(root) else None

    def _walk(self) -> None:
        known, self._ids, self._by_id = self._ids, {}, {}
        root = self._root()
        for path in self._maps(root):
            self._ids[path] = known.get(path, (Signature(0, 0, 0), ""))
            if debug_id := self._id_in(path):
                self._by_id[debug_id] = path

    def _maps(self, root: Path) -> Iterator[Path]:
        count = 0
        for directory, _, names in os.walk(root):
            for name in names:
                if name.endswith(".map") and (path := self._inside(root, Path(directory, name))):
                    count += 1
                    if count > _MOST_FILES:
                        return
                    yield path

    def _id_in(self, path: Path) -> str:
        return self._known_id(path, _id_anywhere)

    def _known_id(self, path: Path, read: Callable[[Path], str]) -> str:
        """Return the debug id in a file, which is read again where it changed."""
        try:
            signature = signature_of(path)
            known = self._ids.get(path)
            if known is None or known[0] != signature:
                debug_id = read(path) if signature.size <= self._max_bytes else ""
                known = self._ids[path] = signature, debug_id
        except OSError:
            return ""
        return known[1]


def signature_of(path: Path) -> Signature:
    """Return what changes when a file does.

    Raises:
        OSError: there is no such file.
    """
    found = path.stat()
    return Signature(found.st_ino, found.st_size, found.st_mtime_ns)


def _segments(address: str) -> list[str]:
    """Return the last parts of an address's path; none where one of them could lead elsewhere."""
    try:
        path = unquote(urlsplit(address).path, errors="strict")
    except ValueError:
        return []
    if not path or len(path) > _LONGEST_PATH or path.endswith("/") or "\\" in path or "\0" in path:
        return []
    segments = [each for each in path.split("/") if each]
    if any(each in (".", "..") or ":" in each for each in segments):
        return []
    return segments[-_MOST_SEGMENTS:]


def _id_anywhere(path: Path) -> str:
    rest = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            piece = rest + piece
            if b'"debug' in piece and (found := _IN_MAP.search(piece)):  # the first is much faster
                return plain_debug_id(found[1].decode())
            rest = piece[-_OVERLAP:]
            time.sleep(0)  # the program's own threads go first
    return ""


def _id_at_end(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _END_OF_SCRIPT, 0))
        found = _IN_SCRIPT.findall(file.read(_END_OF_SCRIPT))
    return plain_debug_id(found[-1].decode()) if found else ""
