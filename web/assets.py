"""Files that browsers may keep for good, because their address changes with their content."""

import gzip
import hashlib
from functools import cached_property
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPES = {
    ".css": "text/css",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
COMPRESSED = {".css", ".js", ".svg"}
FOREVER = "public, max-age=31536000, immutable"


class Asset:
    """One file, read once."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.version = hashlib.sha256(self.content).hexdigest()[:12]
        self.media_type = MEDIA_TYPES[path.suffix]
        self._is_text = path.suffix in COMPRESSED

    @cached_property
    def compressed(self) -> bytes:
        """The content as gzip; nothing where that would not make it smaller."""
        return gzip.compress(self.content, mtime=0) if self._is_text else b""


class Assets:
    """The files of directories. Only what is there at the start can be asked for, so no path leads anywhere else."""

    def __init__(self, *directories: Path) -> None:
        files = [path for each in directories if each.is_dir() for path in sorted(each.iterdir())]
        self._assets = {path.name: Asset(path) for path in files if path.suffix in MEDIA_TYPES}

    def address(self, name: str) -> str:
        """Return the address of a file below that of the directory; empty where there is no such file."""
        found = self._assets.get(name)
        return f"{found.version}/{name}" if found else ""

    def size(self, name: str) -> tuple[int, int] | None:
        """Return width and height of a WebP picture in pixels, so that its room is kept before it is there."""
        found = self._assets.get(name)
        return _webp_size(found.content) if found and found.media_type == "image/webp" else None

    async def serve(self, request: Request) -> Response:
        """Answer a request for `{version}/{name}`."""
        found = self._assets.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        etag = f'"{found.version}"'
        is_current = request.path_params["version"] == found.version
        headers = {"Cache-Control": FOREVER if is_current else "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if found.compressed and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(found.compressed, headers=headers, media_type=found.media_type)
        return Response(found.content, headers=headers, media_type=found.media_type)


def _webp_size(content: bytes) -> tuple[int, int] | None:
    kind, data = content[12:16], content[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    return None
