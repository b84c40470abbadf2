"""Alerts by webhook: a signed JSON POST that is not led into private networks."""

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import time
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from logster.alerts.alert import Alert
from logster.errors import ConfigurationError

SIGNATURE_HEADER = "X-Logster-Signature"

_REDIRECTS = 3
# The other redirects turn a POST into a GET, which would lose the alert and look like success.
_KEEPS_METHOD = {307, 308}


class WebhookRefused(OSError):
    """The webhook's server did not take the alert, or led somewhere it must not lead; the text says which."""


class WebhookChannel:
    """Posts each alert as JSON.

    The header `X-Logster-Signature: t=SECONDS,v1=HEX` signs it where a secret is given: HEX is the HMAC-SHA256,
    keyed by the secret, of SECONDS, a dot and the body.

    Arguments:
        url: where to, http or https.
        secret: signs the body; empty for no signature.
        allow_private: follow redirects into private networks. The URL itself may point into one in any case.
        timeout_seconds: how long one step of the exchange may take.

    Raises:
        ConfigurationError: not an http or https URL.
    """

    def __init__(
        self, url: str, *, secret: str = "", allow_private: bool = False, timeout_seconds: float = 10.0
    ) -> None:
        _http_url(url)
        self.url = url
        self._secret = secret.encode()
        self._allow_private = allow_private
        self._timeout = timeout_seconds

    def __repr__(self) -> str:
        parts = urlsplit(self.url)
        # Path and query of a webhook are often its password.
        return f"WebhookChannel({parts.scheme}://{parts.hostname})"

    def send(self, alert: Alert) -> None:
        """Post one alert.

        Raises:
            OSError: the server was not reached, did not answer with 2xx, or redirected where it must not.
        """
        body = alert.as_json()
        url = self.url
        for hop in range(_REDIRECTS + 1):
            status, location = self._post(url, body, public_only=hop > 0 and not self._allow_private)
            if status in _KEEPS_METHOD and location:
                url = urljoin(url, location)
                continue
            if not 200 <= status < 300:
                raise WebhookRefused(f"{self!r} answered {status}")
            return
        raise WebhookRefused(f"{self!r} redirected more than {_REDIRECTS} times")

    def _post(self, url: str, body: bytes, *, public_only: bool) -> tuple[int, str | None]:
        parts = _http_url(url)
        connection = _connection(parts, self._timeout, public_only)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, self._headers(body))
            response = connection.getresponse()
            return response.status, response.getheader("Location")
        except http.client.HTTPException as error:
            raise WebhookRefused(f"{self!r} did not answer in HTTP: {type(error).__name__}") from error
        finally:
            connection.close()

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "Logster"}
        if self._secret:
            headers[SIGNATURE_HEADER] = signature(self._secret, body, int(time.time()))
        return headers


def signature(secret: bytes, body: bytes, seconds: int) -> str:
    """Return the signature header's value for a body signed at `seconds` since the epoch."""
    digest = hmac.new(secret, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _http_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # which would quote what may be a password
        raise ConfigurationError("A webhook's URL has no host and port that could be right.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"A webhook leads to {parts.scheme or 'no scheme'}://…; allowed are http and https URLs."
        )
    return parts


def _connection(parts: SplitResult, timeout: float, public_only: bool) -> http.client.HTTPConnection:
    # Guarding the connected peer, not the looked-up name, leaves no gap between check and use.
    host = parts.hostname or ""
    if parts.scheme == "https":
        return _GuardedHTTPS(host, parts.port, timeout, public_only)
    return _GuardedHTTP(host, parts.port, timeout, public_only)


class _GuardedHTTP(http.client.HTTPConnection):
    def __init__(self, host: str, port: int | None, timeout: float, public_only: bool) -> None:
        super().__init__(host, port, timeout=timeout)
        self._public_only = public_only

    def connect(self) -> None:
        super().connect()
        if self._public_only:
            _refuse_private(self.sock)


class _GuardedHTTPS(http.client.HTTPSConnection):
    def __init__(self, host: str, port: int | None, timeout: float, public_only: bool) -> None:
        super().__init__(host, port, timeout=timeout, context=ssl.create_default_context())
        self._public_only = public_only

    def connect(self) -> None:
        super().connect()
        if self._public_only:
            _refuse_private(self.sock)


def _refuse_private(connected: Any) -> None:
    peer: socket.socket = connected
    address = ipaddress.ip_address(str(peer.getpeername()[0]).split("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    if not (mapped or address).is_global:
        peer.close()
        raise WebhookRefused(f"The webhook redirected into a private network, to {address}; allow_private permits it")
