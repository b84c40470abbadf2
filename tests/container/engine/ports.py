"""Publishes a container's port on loopback of the host: passes on what arrives, both ways."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue

CHUNK = 1 << 16


def publish(pid: int, host_port: int, port: int) -> socket.socket:
    """Listen for the container of process `pid`; closing what is returned ends it."""
    listener = socket.create_server(("127.0.0.1", host_port), backlog=512)
    arrivals: SimpleQueue[socket.socket] = SimpleQueue()
    _start(lambda: _accept(listener, arrivals))
    _start(lambda: _connect(pid, port, arrivals))
    return listener


def _accept(listener: socket.socket, arrivals: "SimpleQueue[socket.socket]") -> None:
    while True:
        try:
            arrivals.put(listener.accept()[0])
        except OSError:
            return


def _connect(pid: int, port: int, arrivals: "SimpleQueue[socket.socket]") -> None:
    """Connect each arrival, on a thread that stays in the container's network."""
    from tests.container.engine.namespaces import join_network

    join_network(pid)
    while True:
        outside = arrivals.get()
        try:
            inside = socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            outside.close()
            continue
        inside.settimeout(None)
        _start(lambda one=outside, other=inside: _pass_on(one, other))  # type: ignore[misc]
        _start(lambda one=inside, other=outside: _pass_on(one, other))  # type: ignore[misc]


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    for each, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with suppress(OSError):
            each.shutdown(how)


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()
