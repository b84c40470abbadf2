"""`logster serve`: the log's pages alone, for whoever sits at this machine or knows the password."""

import hmac
import ipaddress
import os
import socket
from base64 import b64decode
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from starlette.requests import Request
from starlette.responses import Response

from logster.cli import options
from logster.cli.ending import WRONG_USE, fail, require
from logster.cli.session import Session
from logster.errors import ConfigurationError

PASSWORD = "LOGSTER_SERVE_PASSWORD"  # noqa: S105 - the variable's name
_SHORTEST_PASSWORD = 8


@options.command(
    "serve",
    "logster serve",
    "logster serve --port 9000 --redis-url redis://cache:6379/0",
    "logster serve --host 0.0.0.0 --password-file /run/secrets/logster",
    "logster serve --host 0.0.0.0 --users-file /etc/logster/users",
    "logster serve --authorize shop.access:is_admin",
)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Where to listen.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535), help="0 for any that is free.")
@click.option("--password-file", metavar="FILE", help=f"Let in who knows the password in FILE (or {PASSWORD}).")
@click.option("--users-file", metavar="FILE", help="Let in the users in FILE: NAME:HASH lines, or NAME:HASH:view.")
@click.option("--authorize", metavar="MODULE:NAME", help="Let in whom this function lets in.")
def command(
    session: Session, host: str, port: int, password_file: str | None, users_file: str | None, authorize: str | None
) -> None:
    """Serve the log's pages until Ctrl-C.

    Without a password, users or --authorize only this machine gets in, and no other address is listened on.
    """
    require("uvicorn", "`logster serve`")
    chosen = _chosen(password_file, users_file, authorize)
    if chosen is None and not is_loopback(host):
        fail(
            f"{host} can be reached from elsewhere, where the log would stand open. Give --password-file, "
            "--users-file or --authorize, or stay on 127.0.0.1.",
            WRONG_USE,
        )
    session.store.ping()
    _serve(session, _listener(host, port), chosen or is_from_here)


def _chosen(
    password_file: str | None, users_file: str | None, authorize: str | None
) -> Callable[[Request], Any] | None:
    password = _password(password_file)
    if sum(map(bool, (password, users_file, authorize))) > 1:
        raise click.UsageError("Choose a password, --users-file or --authorize, and only one.")
    if users_file:
        return _users(users_file)
    if authorize:
        return _named(authorize)
    return None if password is None else Password(password)


def _password(file: str | None) -> str | None:
    password = Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get(PASSWORD)
    if password is not None and len(password) < _SHORTEST_PASSWORD:
        fail(f"The password is too short: {_SHORTEST_PASSWORD} characters at least.", WRONG_USE)
    return password


def _users(file: str) -> Callable[[Request], Any]:
    from logster.access.basic import basic

    hashes: dict[str, str] = {}
    viewers = []
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.strip().partition(":")
        made, _, access = rest.partition(":")
        if access not in ("", "view") or name in hashes:
            fail(f"{file}: the line of {name!r} is not NAME:HASH or NAME:HASH:view, or is there twice.", WRONG_USE)
        hashes[name] = made
        if access:
            viewers.append(name)
    try:
        return basic(hashes, viewers=viewers)
    except ConfigurationError as error:
        fail(f"{file}: {error}", WRONG_USE)


def _named(name: str) -> Callable[[Request], Any]:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        fail(f"--authorize {name!r} cannot be found: {error}.", WRONG_USE)
    if not callable(found):
        fail(f"--authorize {name!r} is no function.", WRONG_USE)
    return found  # type: ignore[no-any-return]


def is_loopback(host: str) -> bool:
    """Return whether an address is that of this machine only."""
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_from_here(request: Request) -> str | None:
    """Let in who sits at this machine, and asks for it by a name that no other site can take."""
    # A page elsewhere may make its own name lead here; the Host header gives it away.
    here = request.client is not None and is_loopback(request.client.host)
    return "this machine" if here and is_loopback(request.url.hostname or "") else None


class Password:
    """Lets in who gives the password, with any user name, which is who it is then."""

    def __init__(self, password: str) -> None:
        self._password = password.encode()

    def __call__(self, request: Request) -> str | Response:
        user, password = _credentials(request.headers.get("authorization", ""))
        if hmac.compare_digest(password, self._password):
            return user or "somebody"
        headers = {"WWW-Authenticate": 'Basic realm="logster", charset="UTF-8"'}
        return Response("The password is needed to see this log.", 401, headers)


def _credentials(header: str) -> tuple[str, bytes]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", b""
    try:
        user, _, password = b64decode(encoded, validate=True).partition(b":")
    except ValueError:
        return "", b""
    return user.decode("utf-8", "replace")[:100], password


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family)
    except OSError as error:
        fail(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another --port.", WRONG_USE)


def _serve(session: Session, listener: socket.socket, authorize: Callable[[Request], Any]) -> None:
    import uvicorn

    from logster.service import Service
    from logster.viewer.app import Viewer

    # No app of this machine reports here, so nobody else's browser needs to.
    service = Service(session.settings.with_changes(beacon=False))
    # The address of who asks decides, so nobody may claim another in a header.
    config = uvicorn.Config(
        Viewer(authorize, service=service),
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    host, port = listener.getsockname()[:2]
    name = f"[{host}]" if ":" in host else host
    click.echo(f"The log of namespace {session.namespace!r}: http://{name}:{port}/  (Ctrl-C ends it)")
    with listener:
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            service.close()
