"""What every answer of the viewer says to the browser: where scripts may come from, and that nothing is kept."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logster.viewer.visit import visit_in

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        # Text becomes HTML in one place of the scripts only, through the policy of this name.
        "require-trusted-types-for 'script'",
        "trusted-types logster-fragment",
    ]
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: with that browsers send `Origin: null` with a form, and the CSRF check has nothing to go by.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}

# Where the host asks for it (setting `same_origin_frames`). Other origins never show the log in a frame.
FRAMED = {
    "Content-Security-Policy": POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
    "X-Frame-Options": "SAMEORIGIN",
}


class SecurityHeaders:
    """Adds the headers to each answer, unless it brings its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = _wanted(scope)

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message.get("headers", ())}
                added = [header for header in wanted if header[0] not in own]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        await self._app(scope, receive, complete)


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    # As ASGI has them: https://asgi.readthedocs.io/en/latest/specs/www.html
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


_ENCODED, _ENCODED_FRAMED = _encoded(HEADERS), _encoded(HEADERS | FRAMED)


def _wanted(scope: Scope) -> list[tuple[bytes, bytes]]:
    return _ENCODED_FRAMED if visit_in(scope).settings.same_origin_frames else _ENCODED
