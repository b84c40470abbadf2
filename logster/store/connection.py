"""The connection to Redis: made when first needed and anew after a fork, runs scripts and pipelines.

Owns what an error means and how a script gets to the server. Knows nothing of entries.
"""

import os
import re
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import hiredis
import redis
from redis.cluster import RedisCluster
from redis.exceptions import (
    ConnectionError,  # noqa: A004
    MovedError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from logster.errors import StoreUnavailable
from logster.forking import after_fork, no_fork
from logster.redis_url import public
from logster.store import address
from logster.store.address import Client
from logster.store.latency import Latency
from logster.store.script import Word, source_of

Command = Sequence[Word]


class Flight(NamedTuple):
    """Commands that were sent; `answers` waits for what they answer, once, and raises what `run_all` does."""

    answers: Callable[[], list[Any]]


_LOADS_AT_MOST = 3
_REFUSAL = re.compile(r"\b(OOM|READONLY|LOADING|MISCONF|NOREPLICAS|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b")
_MISTAKE = re.compile(r"script|WRONGTYPE|wrong number of arg|unknown command|syntax error|not an integer|not a valid")


class Connection:
    """A lazily opened client for one URL, shared by threads and not by processes."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url
        self.timeout_seconds = timeout_seconds
        self._client: Client | None = None
        self._pid = 0
        self._closings = 0
        self.latency = Latency()
        _connections.add(self)

    def client(self) -> Client:
        """Return this process's client."""
        if self._client is None or self._pid != os.getpid():
            # The client imports modules when it is first made.
            with no_fork:
                if self._client is None or self._pid != os.getpid():
                    self._client = address.open_client(self._url, self.timeout_seconds)
                    self._pid = os.getpid()
        return self._client

    def ping(self) -> None:
        """Raise StoreUnavailable unless Redis answers."""
        with self.errors():
            self.client().ping()

    def run(self, command: Command) -> Any:
        """Return the answer to one command."""
        return self.run_all([command])[0]

    def run_all(self, commands: Sequence[Command]) -> list[Any]:
        """Return the answers to several commands, sent at once and run in order but not atomically.

        Raises:
            StoreUnavailable: Redis is away or refuses; some of the commands may have been run.
        """
        began = time.perf_counter()
        with self.errors():
            answers = self._completed(commands, self._send(commands))
        self.latency.observe(time.perf_counter() - began)
        return answers

    def send(self, commands: Sequence[Command]) -> "Flight":
        """Send several commands, whose answers can be waited for later; a cluster's are run at once.

        Raises:
            StoreUnavailable: as `run_all`.
        """
        with self.errors():
            client = self.client()
        if type(client) is not redis.Redis:
            answers = self.run_all(commands)
            return Flight(lambda: answers)
        began = time.perf_counter()
        with self.errors():
            receive = _sent(client, commands)
        spent = time.perf_counter() - began

        def answers_to_all() -> list[Any]:
            began = time.perf_counter() - spent  # what was done in between is not Redis's time
            with self.errors():
                answers = self._completed(commands, receive())
            self.latency.observe(time.perf_counter() - began)
            return answers

        return Flight(answers_to_all)

    def _completed(self, commands: Sequence[Command], answers: list[Any]) -> list[Any]:
        for _ in range(_LOADS_AT_MOST):
            missing = [
                i
                for i, answer in enumerate(answers)
                if isinstance(answer, NoScriptError) and commands[i][0] == "EVALSHA"
            ]
            if not missing:
                break
            self._load([commands[i] for i in missing])
            for i, answer in zip(missing, self._send([commands[i] for i in missing]), strict=True):
                answers[i] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what means that Redis is away or refuses to work into StoreUnavailable."""
        closings = self._closings
        try:
            yield
        except (RedisError, RedisClusterException, OSError) as error:
            if _is_mistake(error):
                raise
            self._leave_embedded(error)
            raise StoreUnavailable(self._explanation(error)) from error
        except (TypeError, AttributeError, ValueError) as error:
            # Another thread has let go of the connections in between, and redis-py found a socket that is None.
            if closings == self._closings:
                raise
            raise StoreUnavailable(self._explanation(error)) from error

    def close(self) -> None:
        """Let go of the connections; the next use opens new ones."""
        client, self._client = self._client, None
        self._closings += 1
        if client is not None and self._pid == os.getpid():
            address.close_client(client)

    def _send(self, commands: Sequence[Command]) -> list[Any]:
        client = self.client()
        if len(commands) == 1 and not isinstance(client, RedisCluster):
            return [_answer(client, commands[0])]
        pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*_encoded(command), **_route(client, command))
        return pipeline.execute(raise_on_error=False)  # type: ignore[no-any-return]

    def _load(self, commands: Sequence[Command]) -> None:
        for sha in {str(command[1]) for command in commands}:
            self.client().script_load(source_of(sha))

    def _leave_embedded(self, error: Exception) -> None:
        # The server may be gone for good; the next use then finds or starts another.
        if self._url.startswith("embedded:") and isinstance(error, ConnectionError | OSError):
            self.close()

    def _explanation(self, error: Exception) -> str:
        reason = _reason(error)
        if secret := address.password(self._url):
            reason = reason.replace(secret, "***")
        where = public(self._url)
        return f"Redis at {where} cannot be used: {reason}. Check that it runs, and that setting 'redis_url' is right."


def _reason(error: Exception) -> str:
    # The client takes the word MOVED away, and leaves a slot and an address.
    if isinstance(error, MovedError):
        return f"it is a node of a cluster, for which the URL begins with redis+cluster:// (MOVED {error})"
    return str(error).rstrip(".") or type(error).__name__


def _sent(client: Any, commands: Sequence[Command]) -> Callable[[], list[Any]]:
    """Send commands on a connection of the client's, and return what receives their answers and gives it back."""
    pool = client.connection_pool
    connection = pool.get_connection()
    try:
        connection.send_packed_command([_packed(commands)])
    except BaseException:
        connection.disconnect()
        pool.release(connection)
        raise

    def receive() -> list[Any]:
        try:
            return [_received(connection) for _ in commands]
        except BaseException:
            # Answers that are still to come are to be read by nobody else.
            connection.disconnect()
            raise
        finally:
            pool.release(connection)

    return receive


def _packed(commands: Sequence[Sequence[Any]]) -> bytes:
    try:
        return b"".join([hiredis.pack_command(tuple(each)) for each in commands])
    except UnicodeEncodeError:
        return b"".join([hiredis.pack_command((*_encoded(each),)) for each in commands])


def _received(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as error:
        return error


def _answer(client: Client, command: Command) -> Any:
    """Return what a pipeline would for one command, at half of what a pipeline costs."""
    try:
        return client.execute_command(*_encoded(command))
    except ResponseError as error:
        return error


def _route(client: Client, command: Command) -> dict[str, Any]:
    # A cluster's pipeline would ask the server for the keys of every script call, one round trip each.
    if not isinstance(client, RedisCluster):
        return {}
    key = command[3] if command[0] == "EVALSHA" else command[1]
    return {"target_nodes": client.get_node_from_key(str(key))}  # type: ignore[no-untyped-call]


def _encoded(command: Sequence[Any]) -> list[Any]:
    # Half a surrogate pair cannot be sent, and hiredis knows no other way than to raise.
    name, *words = command
    return [name, *[word.encode("utf-8", "replace") if isinstance(word, str) else word for word in words]]


def _is_mistake(error: Exception) -> bool:
    """Return whether `error` is this package's own fault, which must not pass for an outage."""
    return type(error) is ResponseError and bool(_MISTAKE.search(str(error))) and not _REFUSAL.search(str(error))


_connections: "weakref.WeakSet[Connection]" = weakref.WeakSet()


def _after_fork() -> None:
    # Its lock may have been held by a thread that a forked child does not have, and its counts are the parent's.
    for connection in list(_connections):
        connection.latency = Latency()


after_fork(_after_fork)
