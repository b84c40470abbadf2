"""The cookie of the login page: who may do what until when, signed. Asks nobody."""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass

from logster.viewer.permission import Access

_FORMAT = re.compile(r"1\.(view|edit)\.(\d{1,12})\.([0-9a-f]{16})\.([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class Signer:
    """Signs and reads the cookies of one secret; another secret's are worth nothing to it."""

    key: bytes
    access: Access

    @classmethod
    def of(cls, secret: str, access: Access) -> "Signer":
        """Return the signer of a secret.

        The key is as hard to come by as a hashed password, so that a stolen cookie does not tell a weak secret. It is
        the same in every process.
        """
        key = hashlib.scrypt(secret.encode(), salt=b"logster login cookie", n=1 << 14, r=8, p=1, dklen=32)
        return cls(key, access)

    def sign(self, max_age_seconds: int) -> str:
        """Return a cookie that is good for so long."""
        said = f"1.{self.access.value}.{int(time.time()) + max_age_seconds}.{secrets.token_hex(8)}"
        return f"{said}.{self._signature(said)}"

    def is_good(self, cookie: str) -> bool:
        """Return whether a cookie is this signer's, and has not expired."""
        found = _FORMAT.fullmatch(cookie)
        if not found:
            return False
        said = cookie.rpartition(".")[0]
        is_signed = hmac.compare_digest(self._signature(said), found[4])
        return is_signed and found[1] == self.access.value and int(found[2]) > time.time()

    def _signature(self, said: str) -> str:
        return hmac.new(self.key, said.encode(), hashlib.sha256).hexdigest()


def session_of(cookie: str) -> tuple[str, int]:
    """Return the id of the session that a good cookie stands for, and for how many seconds it is good, one at least."""
    _, _, expires, session, _ = cookie.split(".")
    return session, max(int(expires) - int(time.time()), 1)
