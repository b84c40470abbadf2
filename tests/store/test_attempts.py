"""How often an address may try a password: counted by Redis for all processes."""

from collections.abc import Iterator

import pytest

from logster.settings import Settings
from logster.store.address import Client
from logster.store.redis_store import RedisStore
from tests.store.keyspace import names_in

ADDRESS = "192.0.2.1"
MINUTE = 30_000_000


@pytest.fixture
def another(settings: Settings) -> Iterator[RedisStore]:
    """The same namespace, as another process would have it."""
    another = RedisStore(settings)
    yield another
    another.close()


def test_processes_share_what_an_address_may_try(store: RedisStore, another: RedisStore) -> None:
    answers = [each.allow_attempt(ADDRESS, 3, MINUTE) for each in (store, another, store, another, store)]
    assert answers == [True, True, True, False, False]
    assert another.allow_attempt("192.0.2.2", 3, MINUTE)
    assert another.allow_attempt(ADDRESS, 3, MINUTE + 1)


def test_what_is_forgiven_may_be_tried_again_once(store: RedisStore, another: RedisStore) -> None:
    assert store.allow_attempt(ADDRESS, 1, MINUTE)
    assert not another.allow_attempt(ADDRESS, 1, MINUTE)
    store.forgive_attempt(ADDRESS, MINUTE)
    assert [another.allow_attempt(ADDRESS, 1, MINUTE) for _ in range(2)] == [True, False]


def test_what_is_counted_goes_by_itself(store: RedisStore, settings: Settings, client: Client) -> None:
    store.forgive_attempt("192.0.2.9", MINUTE)
    store.allow_attempt(ADDRESS, 1, MINUTE)
    store.forgive_attempt(ADDRESS, MINUTE)
    [name] = names_in(client, settings.current_namespace())
    assert name == f"attempts:{ADDRESS}:{MINUTE}"
    assert 0 < client.ttl(f"{{logster:{settings.current_namespace()}}}:{name}") <= 120


def test_reports_of_a_browser_are_counted_apart(store: RedisStore) -> None:
    assert store.allow_attempt(ADDRESS, 1, MINUTE)
    assert store.allow_beacon(ADDRESS, 1)
