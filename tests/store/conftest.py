"""The store over every kind of Redis that a URL can name."""

import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from logster.settings import Settings
from logster.store import address, embedded
from logster.store.address import Client
from logster.store.redis_store import RedisStore
from tests.store.clusters import running_cluster
from tests.store.sentinels import Watched, running_sentinels


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory, server_program: Path | None) -> Iterator[str]:
    """A real Cluster of three nodes for the whole session."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), program=server_program) as url:
        yield url


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """A server of this process's own for the whole session."""
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        yield f"embedded:{directory}"
        embedded.release(directory)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--server` or `--sentinel`, leave out the kinds of Redis that are not that."""
    others_are = {"embedded", "memory"} if config.getoption("--server") else set()
    if config.getoption("--sentinel"):
        others_are = {"embedded", "memory", "cluster"}
    others = [item for item in items if others_are & set(re.findall(r"\w+", item.name.partition("[")[2]))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def watched_servers(tmp_path_factory: pytest.TempPathFactory, server_program: Path | None) -> Iterator[Watched]:
    """A primary and its replica behind Sentinel for the whole session."""
    with running_sentinels(tmp_path_factory.mktemp("sentinel"), server_program) as watched:
        yield watched


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> str:
    """The one server of the session; with `--sentinel` that which Sentinel names."""
    if request.config.getoption("--sentinel"):
        watched: Watched = request.getfixturevalue("watched_servers")
        return watched.url
    return f"unix://{request.getfixturevalue('server').unix_socket_path}"


@pytest.fixture(autouse=True)
def failover(request: pytest.FixtureRequest) -> None:
    """With `--sentinel`, let the primary die before the test in the middle of the session."""
    items = request.session.items
    if request.config.getoption("--sentinel") and request.node is items[len(items) // 2]:
        request.getfixturevalue("watched_servers").fail_over()


@pytest.fixture(params=["valkey", "cluster", "embedded", "memory"])
def backend_url(request: pytest.FixtureRequest) -> str:
    if request.param == "memory":
        return "memory://"
    fixtures = {"valkey": "redis_url", "cluster": "cluster_url", "embedded": "embedded_url"}
    url: str = request.getfixturevalue(fixtures[request.param])
    return url


@pytest.fixture
def settings(backend_url: str) -> Settings:
    """Settings on each kind of Redis, in a namespace that no other test uses."""
    return Settings(redis_url=backend_url, namespace=f"test-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def store(settings: Settings) -> Iterator[RedisStore]:
    store = RedisStore(settings)
    yield store
    store.close()


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """A client of one's own, to look at the keys behind the store."""
    client = address.open_client(settings.redis_url, 2)
    yield client
    address.close_client(client)
