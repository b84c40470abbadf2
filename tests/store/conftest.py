"""The store over every kind of Redis that a URL can name."""

import tempfile
import uuid
from collections.abc import Iterator

import pytest

from logster.settings import Settings
from logster.store import address, embedded
from logster.store.address import Client
from logster.store.redis_store import RedisStore
from tests.store.clusters import running_cluster


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Cluster of three nodes for the whole session."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.fixture(scope="session")
def embedded_url() -> Iterator[str]:
    """A server of this process's own for the whole session."""
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="logster-") as directory:
        yield f"embedded:{directory}"
        embedded.release(directory)


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
