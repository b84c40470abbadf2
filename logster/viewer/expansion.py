"""Bodies that come compressed: gzip, deflate and, where the package brotli is installed, br.

Owns the two limits: how large a body may be as it comes, and how large once it is expanded. No more than the second is
ever expanded, so that what is small outside and huge inside ends early.
"""

import zlib
from collections.abc import Callable
from typing import Any, Protocol

from starlette.requests import Request

from logster.viewer.patience import in_time
from logster.viewer.problems import Problem

BROKEN = "The body is not {}, or it is cut off."
TOO_LARGE = "A body may have {:,} bytes at most (setting 'sentry_max_bytes')."
TOO_LARGE_INSIDE = "A body may have {:,} bytes at most once it is expanded (setting 'sentry_max_expanded_bytes')."
UNKNOWN = "The body's encoding is {}; taken are gzip, deflate, identity{}."
NO_BROTLI = " and, with the package brotli (pip install 'logster-web[brotli]'), br"


class Expander(Protocol):
    """Expands a body piece by piece."""

    def expand(self, piece: bytes, room: int) -> bytes:
        """Return what `piece` is expanded, `room` + 1 bytes at most."""

    def is_finished(self) -> bool:
        """Return whether the body came to its end."""


class _Identity:
    def expand(self, piece: bytes, room: int) -> bytes:
        return piece[: room + 1]

    def is_finished(self) -> bool:
        return True


class _Zlib:
    """Gzip and deflate. Deflate comes with the header of zlib, as RFC 9110 has it, and from some without."""

    def __init__(self, window_bits: int) -> None:
        self._may_be_raw = window_bits == zlib.MAX_WBITS
        self._engine = zlib.decompressobj(window_bits)

    def expand(self, piece: bytes, room: int) -> bytes:
        if self._may_be_raw and piece:
            self._may_be_raw = False
            # The header's first byte: deflate, with a window of at most 32 KiB.
            if piece[0] & 0x0F != zlib.DEFLATED or piece[0] >> 4 > 7:
                self._engine = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._engine.decompress(piece, room + 1)

    def is_finished(self) -> bool:
        return self._engine.eof


class _Brotli:
    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def expand(self, piece: bytes, room: int) -> bytes:
        expanded = bytearray()
        # The limit is that of a buffer, which may be passed by a little; what is left over comes with the next call.
        while len(expanded) <= room:
            more = self._engine.process(piece, output_buffer_limit=room + 1 - len(expanded))
            piece = b""
            expanded += more
            if not more or self._engine.can_accept_more_data():
                break
        return bytes(expanded)

    def is_finished(self) -> bool:
        return bool(self._engine.is_finished())


def _brotli() -> Expander | None:
    try:
        import brotli
    except ImportError:
        return None
    # Before 1.2 nothing bounded what it expands.
    engine = brotli.Decompressor()
    return _Brotli(engine) if hasattr(engine, "can_accept_more_data") else None


_EXPANDERS: dict[str, Callable[[], Expander | None]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "x-gzip": lambda: _Zlib(16 + zlib.MAX_WBITS),
    "deflate": lambda: _Zlib(zlib.MAX_WBITS),
    "br": _brotli,
}


def expander_of(encoding: str) -> Expander:
    """Return what expands bodies of this Content-Encoding.

    Raises:
        Problem: 415, it is not known, or needs a package that is not installed.
    """
    make = _EXPANDERS.get(encoding.strip().lower())
    expander = make() if make else None
    if expander is None:
        others = ", br" if _brotli() else NO_BROTLI
        raise Problem(415, UNKNOWN.format(repr(encoding[:50]), others), headers={"Accept-Encoding": "gzip, deflate"})
    return expander


async def expanded_body(request: Request, *, max_bytes: int, max_expanded_bytes: int) -> bytes:
    """Return the body of a request, expanded.

    Arguments:
        request: whose body.
        max_bytes: how large it may be as it comes.
        max_expanded_bytes: how large it may be once it is expanded.

    Raises:
        Problem: 408 where it takes too long, 413 where it is larger, 415 where its encoding is not known, 400 where it
            is not in that encoding.
        ClientDisconnect: the client went away.
    """
    encoding = request.headers.get("content-encoding", "")
    expander = expander_of(encoding)
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and len(announced) < 20 and int(announced) > max_bytes:
        raise Problem(413, TOO_LARGE.format(max_bytes))
    with in_time():
        return await _expanded(request, expander, encoding, max_bytes, max_expanded_bytes)


async def _expanded(
    request: Request, expander: Expander, encoding: str, max_bytes: int, max_expanded_bytes: int
) -> bytes:
    body = bytearray()
    came = 0
    async for piece in request.stream():
        if not piece:  # the end
            continue
        came += len(piece)
        if came > max_bytes:
            raise Problem(413, TOO_LARGE.format(max_bytes))
        try:
            body += expander.expand(piece, max_expanded_bytes - len(body))
        except Exception as error:
            # zlib and brotli have errors of their own, and whatever they say, the body is not what it says it is.
            raise Problem(400, BROKEN.format(encoding[:50])) from error
        if len(body) > max_expanded_bytes:
            raise Problem(413, TOO_LARGE_INSIDE.format(max_expanded_bytes))
    if not expander.is_finished():
        raise Problem(400, BROKEN.format(encoding[:50]))
    return bytes(body)
