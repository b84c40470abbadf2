"""Who the client is: what the proxy on this machine says of it is believed, and nobody else's word."""

import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

SCHEMES = ("http", "https")


class LocalProxy:
    """Takes the client's address and scheme from X-Forwarded-For and -Proto where a proxy on this machine sent them.

    The proxy is local where it comes through a unix socket, which has no address, or from loopback.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_local(scope.get("client")):
            scope = {**scope, **_told(Headers(scope=scope), scope)}
        await self._app(scope, receive, send)


def _told(headers: Headers, scope: Scope) -> Scope:
    """Return what the proxy says of the client; of several addresses the last is the one that it saw itself."""
    told: Scope = {}
    address = ",".join(headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
    if _parsed(address):
        told["client"] = (address, 0)
    scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip()
    if scheme in SCHEMES:
        told["scheme"] = scheme
    return told


def _is_local(client: tuple[str, int] | None) -> bool:
    if not client or not client[0]:
        return True
    peer = _parsed(client[0])
    return peer is not None and peer.is_loopback


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None
