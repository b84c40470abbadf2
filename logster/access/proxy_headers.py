"""Single sign-on at a reverse proxy: the proxy says in a header who it is, and only the proxy is believed."""

import ipaddress
from collections.abc import Collection, Iterable
from typing import Any

from starlette.requests import Request

from logster.errors import ConfigurationError
from logster.viewer.permission import Access, Authorizer, Visitor

_MAX_NAME = 200


class proxy_headers(Authorizer):  # noqa: N801 - reads as the function it is used as
    """An `authorize` by the headers of a proxy that signs people in, such as oauth2-proxy or Authelia.

    The headers are believed only where the connection itself comes from a trusted address. `X-Forwarded-For` is not
    looked at; where the server or another middleware put an address from there in place of the peer's, nobody gets in.
    The proxy has to remove these headers from what it passes on, and to set its own.

    Arguments:
        trusted: addresses and networks of the proxies, as 10.0.3.7 or 10.0.3.0/24.
        user_header: which header names the user.
        groups_header: which header lists the user's groups, with commas between them.
        editors: groups whose members may change things; everybody, unless it is given.
        viewers: groups whose members may look; nobody else, unless `editors` is not given either.

    Raises:
        ConfigurationError: nothing is trusted, an address is none, or groups are named without their header.
    """

    def __init__(
        self,
        trusted: Iterable[str],
        *,
        user_header: str = "X-Forwarded-User",
        groups_header: str | None = None,
        editors: Collection[str] | None = None,
        viewers: Collection[str] | None = None,
    ) -> None:
        try:
            self._trusted = [ipaddress.ip_network(each) for each in _several(trusted)]
        except ValueError as error:
            raise ConfigurationError(f"A trusted proxy is an address or a network: {error}.") from None
        if not self._trusted:
            raise ConfigurationError("Name the addresses of the proxies that are trusted.")
        if (editors is not None or viewers is not None) and not groups_header:
            raise ConfigurationError("Groups of editors or viewers need groups_header.")
        self._user_header = user_header
        self._groups_header = groups_header
        self._editors = None if editors is None else frozenset(_several(editors))
        self._viewers = None if viewers is None else frozenset(_several(viewers))

    async def __call__(self, request: Request) -> Visitor | None:
        """Return whom the proxy names, or None."""
        if not self._is_trusted(_peer(request)):
            return None
        names = request.headers.getlist(self._user_header)
        # Two headers, which WSGI joins by a comma: one of them is not the proxy's.
        if len(names) != 1 or not names[0].strip() or "," in names[0] or len(names[0]) > _MAX_NAME:
            return None
        return Visitor(names[0].strip(), self._access(request))

    def _is_trusted(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._trusted)

    def _access(self, request: Request) -> Access:
        if self._editors is None and self._viewers is None:
            return Access.EDIT
        lists = request.headers.getlist(self._groups_header or "")
        if len(lists) != 1:
            return Access.NONE
        groups = {each.strip() for each in lists[0].split(",")}
        if groups & (self._editors or frozenset()):
            return Access.EDIT
        if self._viewers is None:
            return Access.NONE
        return Access.VIEW if groups & self._viewers else Access.NONE


def _peer(request: Request) -> str:
    """Return the address of the connection itself; nothing where it cannot be known."""
    environ: dict[str, Any] | None = request.scope.get("wsgi_environ")
    if environ is not None:
        # Werkzeug's ProxyFix keeps what it replaced.
        before = environ.get("werkzeug.proxy_fix.orig")
        return str((before or environ).get("REMOTE_ADDR") or "")
    # Uvicorn sets port 0 where it took the address from X-Forwarded-For; no connection has that port.
    return request.client.host if request.client and request.client.port else ""


def _several(values: Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)
