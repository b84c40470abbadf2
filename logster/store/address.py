"""What a `redis_url` means: opens the client for it. Knows every form of URL, nothing of what is done with it."""

import re
import socket
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote

import redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.retry import Retry
from redis.sentinel import Sentinel

from logster.errors import ConfigurationError, MissingExtra
from logster.redis_url import parts_of, public, public_text

Client = Any
"""A redis.Redis, RedisCluster or fakeredis client: what they share has no type of its own."""

_NODE = re.compile(r"(\[[^\]]+\]|[^:]+)(?::(\d+))?")
_SENTINEL_PORT = 26379


def open_client(url: str, timeout_seconds: float) -> Client:
    """Return a client for `url`; only a cluster's and an embedded server's connect at once.

    Raises:
        ConfigurationError: the URL has parts that cannot be right.
        MissingExtra: the URL needs an optional dependency.
    """
    options = {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        # Whether to repeat is for the caller to say: a report that was applied must not be counted again.
        "retry": Retry(NoBackoff(), 0),
    }
    try:
        return _opener(url)(url, options)
    except ConfigurationError:
        raise
    except ValueError as error:
        why = public_text(str(error), url)
        raise ConfigurationError(f"Setting 'redis_url' is {public(url)!r}, which does not work: {why}.") from None


def close_client(client: Client) -> None:
    """Close a client with all its connections; a cluster's own close() leaves them to the garbage collector."""
    if isinstance(client, RedisCluster):
        client.disconnect_connection_pools()  # type: ignore[no-untyped-call]
    client.close()


def password(url: str) -> str:
    """Return the password in `url`, or nothing."""
    found = re.search(r"//[^/]*?:([^/]*)@|[?&]password=([^&]*)", url)
    return unquote(found[1] or found[2] or "") if found else ""


def _opener(url: str) -> Callable[[str, dict[str, Any]], Client]:
    scheme = url.partition(":")[0]
    if scheme in ("memory", "embedded"):
        return {"memory": _open_memory, "embedded": _open_embedded}[scheme]
    kind = scheme.partition("+")[2]
    return {"sentinel": _open_sentinel, "cluster": _open_cluster}.get(kind, _open_server)


def _open_server(url: str, options: dict[str, Any]) -> Client:
    if url.startswith("unix:") and not hasattr(socket, "AF_UNIX"):
        raise ValueError("this system has no unix sockets; allowed here are redis://HOST:PORT and its like")
    return redis.Redis.from_url(url, **options)


def _open_cluster(url: str, options: dict[str, Any]) -> Client:
    # A cluster client follows moved slots by repeating, so it keeps its own way to do so.
    return RedisCluster.from_url(url.replace("+cluster", "", 1), **{**options, "retry": None})


def _open_sentinel(url: str, options: dict[str, Any]) -> Client:
    scheme, authority, path = parts_of(url)
    user, _, nodes = authority.rpartition("@")
    name, _, database = path.strip("/").partition("/")
    if not name:
        raise ValueError("the name of the Sentinel's master is missing after the slash")
    username, _, secret = user.partition(":")
    login = {"username": unquote(username) or None, "password": unquote(secret) or None}
    secure = {"ssl": scheme.startswith("rediss")}
    sentinel = Sentinel([_node(node) for node in nodes.split(",")], sentinel_kwargs={**options, **secure})  # type: ignore[no-untyped-call]
    return sentinel.master_for(name, db=int(database or 0), **login, **secure, **options)  # type: ignore[no-untyped-call]


def _node(text: str) -> tuple[str, int]:
    found = _NODE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no host and port")
    return found[1].strip("[]"), int(found[2] or _SENTINEL_PORT)


def _open_embedded(url: str, options: dict[str, Any]) -> Client:
    from logster.store import embedded

    return redis.Redis(unix_socket_path=embedded.acquire(url.removeprefix("embedded:")), **options)


def _open_memory(_url: str, _options: dict[str, Any]) -> Client:
    try:
        import fakeredis
    except ImportError:
        raise MissingExtra("redis_url memory://", "memory") from None
    return fakeredis.FakeStrictRedis(server=_memory_server())


@cache
def _memory_server() -> Any:
    """Return the process's one server, so that the handler and the viewer see the same."""
    import fakeredis

    return fakeredis.FakeServer()
