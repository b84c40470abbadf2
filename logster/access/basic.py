"""HTTP basic authentication: the browser asks for name and password, which are checked against hashes."""

import binascii
import hashlib
import hmac
import secrets
import threading
from base64 import b64decode
from collections.abc import Collection, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from logster.access.attempts import Attempts
from logster.access.passwords import PasswordHash, hashing
from logster.errors import ConfigurationError
from logster.viewer import problems
from logster.viewer.permission import Access, Authorizer, Visitor
from logster.viewer.problems import Problem

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="logster", charset="UTF-8"'}
_WANTED = "The log wants a name and a password."
_MAX_HEADER = 8_192
_MAX_KNOWN = 1_000


class basic(Authorizer):  # noqa: N801 - reads as the function it is used as
    """An `authorize` by HTTP basic authentication; use it over HTTPS only.

    Ten wrong attempts a minute are answered for each client address, by all processes together, then 429. A name that
    there is not takes as long as one that there is.

    Arguments:
        users: the hashed password of each name, as `hash_password` or `logster hash-password` makes it.
        viewers: names that may look and not change; the others may do both.

    Raises:
        ConfigurationError: there are no users, a hash is none, or a viewer is no user.
    """

    def __init__(self, users: Mapping[str, str], *, viewers: Collection[str] = ()) -> None:
        self._hashes = {name: PasswordHash.parse(text) for name, text in users.items()}
        self._viewers = frozenset({viewers} if isinstance(viewers, str) else viewers)
        if not users or "" in users or any(":" in name for name in users):
            raise ConfigurationError("HTTP basic authentication needs users, whose names have no colon.")
        if unknown := self._viewers - users.keys():
            raise ConfigurationError(f"There is no user {min(unknown)!r} who could be a viewer.")
        self._nobody = max(self._hashes.values(), key=lambda each: each.cost).nobodys()
        self._attempts = Attempts()
        # A browser sends its password with each request: it is hashed once, and known again by a quick digest
        # whose key no one else has.
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, None] = {}
        self._lock = threading.Lock()

    async def __call__(self, request: Request) -> Visitor | Response:
        """Return who gave the right name and password, or the answer that asks for them."""
        given = _credentials(request.headers.get("authorization", ""))
        if given is None:
            return problems.response(request, Problem(401, _WANTED, title="Sign in", headers=_CHALLENGE))
        name, password = given
        seal = self._seal(name, password)
        if not self._is_known(seal):
            try:
                attempt = await self._attempts.begin(request)
            except Problem as problem:
                return problems.response(request, problem)
            if not await hashing(partial(self._is_right, name, password)):
                return problems.response(request, Problem(401, _WANTED, title="Sign in", headers=_CHALLENGE))
            await self._attempts.forgive(request, attempt)
            self._remember(seal)
        return Visitor(name, Access.VIEW if name in self._viewers else Access.EDIT)

    def _is_right(self, name: str, password: str) -> bool:
        known = self._hashes.get(name)
        is_password = (known or self._nobody).is_of(password)
        return is_password and known is not None

    def _seal(self, name: str, password: str) -> bytes:
        # A name has no colon, so no two pairs are written alike.
        return hmac.digest(self._key, f"{name}:{password}".encode("utf-8", "replace"), hashlib.sha256)

    def _is_known(self, seal: bytes) -> bool:
        with self._lock:
            return seal in self._known

    def _remember(self, seal: bytes) -> None:
        with self._lock:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[seal] = None


def _credentials(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _MAX_HEADER:
        return None
    try:
        name, colon, password = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None
