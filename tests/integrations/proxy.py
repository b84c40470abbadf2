"""A proxy before a real server, which understands Redis's protocol and disturbs what passes, as a test asks it to."""

import queue
import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hiredis

# What Linux waits for an acknowledgement at the least, twice as long each time, and after which time it is given up.
_RETRANSMISSION_SECONDS = 0.2
_RETRANSMISSIONS = 6
_CHUNK_BYTES = 65_536
_INCOMPLETE = object()


@dataclass(frozen=True)
class Disturbance:
    """What is done to what passes; by itself nothing.

    Arguments:
        refusals: the errors, one of which is answered in place of the server, which then does not get the command.
        refused: the commands that are refused; all but those of a connection's beginning where none is named.
        share: how many of the commands, or of their answers, a refusal or a cut concerns, from 0 to 1.
        delay_seconds: how long whatever a client sends is on its way.
        cuts: whether the connection ends in the middle of an answer.
        loss: how many of the packets get lost, from 0 to 1. TCP sends a lost packet again, so what a client sees of it
            is that nothing comes for a while: 0.2 s, and twice as long for each further loss of the same packet; after
            six in a row the connection ends. Each way, what was written at once is taken for one packet.
    """

    refusals: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    share: float = 1.0
    delay_seconds: float = 0.0
    cuts: bool = False
    loss: float = 0.0

    def refuses(self, name: str) -> bool:
        """Return whether a command of this name may be refused at all."""
        if not self.refusals:
            return False
        return name in self.refused if self.refused else name not in _GREETINGS


# These a server answers even while it loads its data.
_GREETINGS = {"AUTH", "CLIENT", "HELLO", "QUIT", "SELECT"}
NOTHING = Disturbance()


class Proxy:
    """Listens on a port of loopback's until it is closed.

    Arguments:
        server: the unix socket of the server behind.
        seed: what chance begins with.
    """

    def __init__(self, server: Path, seed: int = 1) -> None:
        self.disturbance = NOTHING
        self.disturbed = 0
        """How often something was refused, delayed, cut or lost."""
        self._server = str(server)
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """End all connections; clients may open others."""
        with self._lock:
            for each in self._open:
                _shut(each)

    def close(self) -> None:
        """End all connections, and take no more."""
        self._closed.set()
        _shut(self._listener)
        self._listener.close()
        self.cut()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            with self._lock:
                self._open |= {client, server}
            arrived: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
            reading = threading.Thread(target=_read, args=[client, arrived], daemon=True)
            # Whichever side goes away takes the other one along.
            with suppress(OSError):
                server.connect(self._server)
                reading.start()
                self._pass_on(client, server, arrived)
            with self._lock:
                self._open -= {client, server}
            _shut(client)
            if reading.ident:
                reading.join()

    def _pass_on(
        self, client: socket.socket, server: socket.socket, arrived: "queue.SimpleQueue[tuple[float, bytes]]"
    ) -> None:
        commands = hiredis.Reader(notEnoughData=_INCOMPLETE)
        while True:
            at, data = arrived.get()
            if not data:
                return
            self._wait_on_the_way(at)
            commands.feed(data)
            replies = 0
            while (command := commands.gets()) is not _INCOMPLETE:
                reply = self._refusal(command) or _answer(server, command)
                if not replies:
                    self._wait_for_lost_packets()
                replies += 1
                if self.disturbance.cuts and self._happens(self.disturbance.share):
                    client.sendall(reply[: self._chance.randrange(len(reply))])
                    return
                client.sendall(reply)

    def _wait_on_the_way(self, sent_at: float) -> None:
        if self.disturbance.delay_seconds:
            self.disturbed += 1
            self._closed.wait(max(sent_at + self.disturbance.delay_seconds - time.monotonic(), 0))
        self._wait_for_lost_packets()

    def _wait_for_lost_packets(self) -> None:
        wait = _RETRANSMISSION_SECONDS
        for _ in range(_RETRANSMISSIONS):
            if not self.disturbance.loss or not self._happens(self.disturbance.loss):
                return
            self._closed.wait(wait)
            wait *= 2
        raise ConnectionError("too many packets were lost")

    def _refusal(self, command: list[bytes]) -> bytes:
        name = command[0].decode().upper()
        if self.disturbance.refuses(name) and self._happens(self.disturbance.share):
            return f"-{self._chance.choice(self.disturbance.refusals)}\r\n".encode()
        return b""

    def _happens(self, share: float) -> bool:
        with self._lock:
            happens = self._chance.random() < share
            self.disturbed += happens
        return happens


def _read(client: socket.socket, arrived: "queue.SimpleQueue[tuple[float, bytes]]") -> None:
    """Note when what a client sends arrives, also while what came before is still on its way."""
    data = b"-"
    while data:
        try:
            data = client.recv(_CHUNK_BYTES)
        except OSError:
            data = b""
        arrived.put((time.monotonic(), data))


def _answer(server: socket.socket, command: list[Any]) -> bytes:
    """Return the bytes of a server's answer to a command."""
    server.sendall(hiredis.pack_command(tuple(command)))
    reader = hiredis.Reader(notEnoughData=_INCOMPLETE)
    answer = b""
    while True:
        data = server.recv(_CHUNK_BYTES)
        if not data:
            raise ConnectionError("the server went away")
        answer += data
        reader.feed(data)
        if reader.gets() is not _INCOMPLETE:
            return answer


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
