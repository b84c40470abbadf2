"""HAProxy as front proxy, told through its admin socket which slot gets requests."""

from __future__ import annotations

import csv
import socket

from launch.failure import Failure
from launch.patience import until

_UP_SECONDS = 30
_DRAIN_SECONDS = 30
_TIMEOUT_SECONDS = 5


class HAProxy:
    """One backend, whose servers are called like the slots.

    Args:
        address: the path of the admin socket (`stats socket PATH level admin`).
        backend: the name of the backend.
    """

    def __init__(self, address: str, backend: str) -> None:
        self._address = address
        self._backend = backend

    def serving(self) -> list[str]:
        return [name for name, server in self._servers().items() if server["status"].startswith(("UP", "no check"))]

    def admit(self, slot: str) -> None:
        self._set(slot, "ready")
        if not until(lambda: slot in self.serving(), _UP_SECONDS):
            raise Failure(f"HAProxy does not find {self._backend}/{slot} healthy: {self._servers()[slot]['status']}.")

    def drain(self, slot: str) -> None:
        self._set(slot, "drain")
        # A page with live updates keeps its connection for as long as it is open, hence the bound.
        until(lambda: self._servers()[slot]["scur"] == "0", _DRAIN_SECONDS)

    def withdraw(self, slot: str) -> None:
        self._set(slot, "maint")

    def _set(self, slot: str, state: str) -> None:
        if said := self._ask(f"set server {self._backend}/{slot} state {state}"):
            raise Failure(f"HAProxy at {self._address} refuses to set {self._backend}/{slot} to {state}: {said}")

    def _servers(self) -> dict[str, dict[str, str]]:
        said = self._ask(f"show stat {self._backend} 4 -1")
        servers = {row["svname"]: row for row in csv.DictReader(said.lstrip("# ").splitlines())}
        if not servers:
            raise Failure(
                f"HAProxy at {self._address} knows no backend {self._backend!r}; front/haproxy.cfg shows one."
            )
        return servers

    def _ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(_TIMEOUT_SECONDS)
                connection.connect(self._address)
                connection.sendall(f"{command}\n".encode())
                return b"".join(iter(lambda: connection.recv(65_536), b"")).decode().strip()
        except OSError as error:
            raise Failure(
                f"HAProxy cannot be reached at {self._address} ({error.strerror or error}). Start it with the"
                " `stats socket` of front/haproxy.cfg, as a user who may write to that socket."
            ) from None
