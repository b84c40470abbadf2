"""Asks the services of this container how they are."""

import os
import socket
import sys
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

VALKEY = "/shared/run/valkey.sock"
APP = "/run/site/app.sock"
NGINX = Path("/etc/nginx/site.address")
"""Where the config of nginx says on which address it listens."""

SECONDS = 5
_FAILED = 500


def main() -> int:
    """Return the exit code: 0 when all is well."""
    services = os.environ.get("SITE_SERVICES", "").split() or [each.name for each in Path("/etc/sv").iterdir()]
    complaints = complaints_of(services)
    for each in complaints:
        print(each, file=sys.stderr)
    return 1 if complaints else 0


def complaints_of(services: list[str]) -> list[str]:
    """Return what is wrong, a line each."""
    # The app is not well without its Valkey, wherever that runs.
    wanted = {"valkey": _valkey} | {name: _CHECKS[name] for name in services if name in _CHECKS}
    found = []
    for name, check in wanted.items():
        try:
            check()
        except (OSError, HTTPException, ValueError) as error:
            found.append(f"{name} is not well: {error or type(error).__name__}")
    return found


def _valkey() -> None:
    with _connected(VALKEY) as connection:
        connection.sendall(b"PING\r\n")
        answer = connection.recv(100)
    if not answer.startswith(b"+PONG"):
        raise ValueError(answer.decode(errors="replace").strip())


def _app() -> None:
    connection = HTTPConnection("localhost", timeout=SECONDS)
    connection.sock = _connected(APP)
    _ask(connection)


def _nginx() -> None:
    host, _, port = NGINX.read_text().strip().rpartition(":")
    _ask(HTTPConnection(host.strip("[]") or "127.0.0.1", int(port), timeout=SECONDS))


def _ask(connection: HTTPConnection) -> None:
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    if answer.status >= _FAILED:
        raise ValueError(f"answers {answer.status} {answer.reason}")


def _connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


_CHECKS: Mapping[str, Callable[[], None]] = {"valkey": _valkey, "app": _app, "nginx": _nginx}
