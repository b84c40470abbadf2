"""How many JavaScript reports an address may send."""

import time

import pytest

from logster.settings import Settings
from logster.store.address import Client
from logster.store.redis_store import RedisStore
from tests.store.keyspace import names_in


@pytest.fixture
def same_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment)


def test_an_address_may_send_as_many_as_the_limit(same_minute: None, store: RedisStore) -> None:
    assert [store.allow_beacon("192.0.2.1", 3) for _ in range(5)] == [True, True, True, False, False]
    assert store.allow_beacon("2001:db8::1", 3)


def test_each_namespace_counts_for_itself(same_minute: None, store: RedisStore, settings: Settings) -> None:
    assert not [store.allow_beacon("192.0.2.1", 1) for _ in range(2)][1]
    assert store.at(f"{settings.namespace}-other").allow_beacon("192.0.2.1", 1)


def test_counters_expire(store: RedisStore, settings: Settings, client: Client) -> None:
    store.allow_beacon("192.0.2.1", 3)
    [name] = names_in(client, settings.namespace)
    assert 0 < client.ttl(f"{{logster:{settings.namespace}}}:{name}") <= 120
