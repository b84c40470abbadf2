"""Passwords: hashed by scrypt, in the format of passlib: `$scrypt$ln=15,r=8,p=3$SALT$HASH`."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from logster.errors import ConfigurationError

LONGEST = 1_024
"""A longer password, in characters, is wrong unseen."""

# As OWASP recommends for 32 MiB: https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
_LOG2_N, _R, _P = 15, 8, 3
_BYTES = 32
_MAX_MEMORY = 256 * 1024 * 1024
# Each takes its memory and a core for a moment, so a flood of wrong passwords must not run on all threads.
_AT_A_TIME = 2
_FORMAT = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})")

T = TypeVar("T")

_limiter: RunVar[CapacityLimiter] = RunVar("logster_access_hashing")


@dataclass(frozen=True)
class PasswordHash:
    """One hashed password."""

    log2_n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> "PasswordHash":
        """Return the hash that `text` writes.

        Raises:
            ConfigurationError: it is none, or would take more than 256 MiB to check.
        """
        found = _FORMAT.fullmatch(text)
        if not found:
            raise ConfigurationError(
                "A password is not hashed as $scrypt$ln=…,r=…,p=…$…$…; logster.access.hash_password does."
            )
        log2_n, r, p = (int(number) for number in found.groups()[:3])
        if not (log2_n >= 1 and r >= 1 and 1 <= p <= 16) or (128 * r << log2_n) + 128 * r * p > _MAX_MEMORY // 2:
            raise ConfigurationError(f"A password is hashed with ln={log2_n},r={r},p={p}, which is out of bounds.")
        try:
            return cls(log2_n, r, p, _decoded(found[4]), _decoded(found[5]))
        except binascii.Error:
            raise ConfigurationError("The salt or hash of a password is not whole.") from None

    @property
    def cost(self) -> int:
        """How much work it is to check a password."""
        return (self.r * self.p) << self.log2_n

    def nobodys(self) -> "PasswordHash":
        """Return a hash that is as much work to check, and of a password that nobody knows."""
        size = len(self.digest)
        return PasswordHash(self.log2_n, self.r, self.p, secrets.token_bytes(len(self.salt)), secrets.token_bytes(size))

    def is_of(self, password: str) -> bool:
        """Return whether this is the hash of `password`; takes as long where it is not."""
        shortened = password[:LONGEST]
        n, size = 1 << self.log2_n, len(self.digest)
        # A lone surrogate is in no password that was hashed.
        word = shortened.encode("utf-8", "replace")
        found = hashlib.scrypt(word, salt=self.salt, n=n, r=self.r, p=self.p, maxmem=_MAX_MEMORY, dklen=size)
        return hmac.compare_digest(found, self.digest) and shortened == password

    def __str__(self) -> str:
        return f"$scrypt$ln={self.log2_n},r={self.r},p={self.p}${_encoded(self.salt)}${_encoded(self.digest)}"


def hash_password(password: str) -> str:
    """Return the hash of a password, to keep in place of it: scrypt with a new salt.

    Raises:
        ConfigurationError: the password is empty or longer than 1,024 characters.
    """
    if not 0 < len(password) <= LONGEST:
        raise ConfigurationError(f"A password has 1 to {LONGEST:,} characters.")
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(
        password.encode("utf-8"), salt=salt, n=1 << _LOG2_N, r=_R, p=_P, maxmem=_MAX_MEMORY, dklen=_BYTES
    )
    return str(PasswordHash(_LOG2_N, _R, _P, salt, digest))


async def hashing(work: Callable[[], T]) -> T:
    """Return what `work`, which hashes, returns; on a thread, few at a time."""
    try:
        limiter = _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(_AT_A_TIME)
        _limiter.set(limiter)
    return await to_thread.run_sync(work, limiter=limiter)


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
