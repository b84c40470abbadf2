"""The store over every kind of Redis that a URL can name."""

import uuid
from collections.abc import Iterator

import pytest

from logster.settings import Settings
from logster.store import address
from logster.store.address import Client
from logster.store.redis_store import RedisStore


@pytest.fixture(params=["valkey", "memory"])
def backend_url(request: pytest.FixtureRequest, redis_url: str) -> str:
    return {"valkey": redis_url, "memory": "memory://"}[request.param]


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
    client.close()
