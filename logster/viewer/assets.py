"""The viewer's style sheets, scripts and icons, under an address that changes with their content."""

import gzip
import hashlib
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

DIRECTORY = Path(__file__).parent / "static"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


class Asset:
    """One file, read once. Only what was read can be asked for, so no path leads anywhere else."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.compressed = gzip.compress(self.content, mtime=0)
        self.etag = f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'
        self.media_type = MEDIA_TYPES[path.suffix]


ASSETS = {
    path.relative_to(DIRECTORY).as_posix(): Asset(path)
    for path in sorted(DIRECTORY.rglob("*"))
    if path.suffix in MEDIA_TYPES
}

# One version for all, in the directory: scripts import each other by relative addresses, which then carry it too.
VERSION = hashlib.sha256("".join(asset.etag for asset in ASSETS.values()).encode()).hexdigest()[:12]


def routes() -> list[Route]:
    return [Route("/static/{version}/{name:path}", asset, methods=["GET"])]


async def asset(request: Request) -> Response:
    """Serve one file; for good if asked for by its present version."""
    found = ASSETS.get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    is_current = request.path_params["version"] == VERSION
    headers = {
        "Cache-Control": FOREVER if is_current else "no-cache",
        "ETag": found.etag,
        "Vary": "Accept-Encoding",
    }
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.compressed, headers=headers | {"Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)
