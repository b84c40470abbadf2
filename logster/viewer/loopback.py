"""Who gets in while you develop: a browser on this machine, and nobody who came through a proxy."""

import ipaddress

from starlette.requests import HTTPConnection

# A reverse proxy on this machine makes every visitor of the world look like one of this machine.
_PROXIED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def loopback_only(request: HTTPConnection) -> bool:
    """Return whether a request comes from this machine itself, for use as `authorize` in development.

    A request that carries a proxy's headers is refused. A proxy that adds none cannot be told from a browser, so an
    app behind one needs an `authorize` that asks its login.
    """
    if request.client is None or any(name in request.headers for name in _PROXIED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
