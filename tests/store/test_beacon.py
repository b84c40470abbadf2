"""How many JavaScript reports an address may send."""

import os
import time
import warnings
from collections.abc import Iterator

import pytest

from logster.errors import StoreUnavailable
from logster.settings import Settings
from logster.store import leases
from logster.store.address import Client
from logster.store.redis_store import RedisStore
from tests.store.keyspace import names_in
from tests.store.waiting import wait_until

ADDRESS = "192.0.2.1"


@pytest.fixture
def same_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment)


@pytest.fixture
def kept(same_minute: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is idle, however slow the machine."""
    monkeypatch.setattr(leases, "IDLE_SECONDS", 60)


@pytest.fixture
def another(settings: Settings) -> Iterator[RedisStore]:
    """The same namespace, as another process would have it."""
    another = RedisStore(settings)
    yield another
    another.close()


def allowed(store: RedisStore, limit: int, reports: int) -> int:
    """Return how many of so many reports were within the limit."""
    return sum(store.allow_beacon(ADDRESS, limit) for _ in range(reports))


def leased(client: Client, settings: Settings) -> int:
    """Return how many permits Redis has handed out, all minutes together."""
    names = names_in(client, settings.namespace)
    return sum(int(client.get(f"{{logster:{settings.namespace}}}:{name}")) for name in names)


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


@pytest.mark.parametrize("limit", [1, 7, 60, 400])
def test_processes_together_let_exactly_the_limit_through(
    same_minute: None, store: RedisStore, another: RedisStore, limit: int
) -> None:
    let_through = 0
    while (found := allowed(store, limit, 3) + allowed(another, limit, 2)) > 0:
        let_through += found
    assert let_through == limit


def test_who_sends_much_seldom_has_to_ask(kept: None, store: RedisStore, settings: Settings, client: Client) -> None:
    reports, asked = 1_000, 0
    for _ in range(reports):
        if not store.has_beacon_permit(ADDRESS):
            asked += 1
            assert store.allow_beacon(ADDRESS, 100_000)
    assert asked < 20
    assert reports <= leased(client, settings) < reports + 128


def test_who_sends_little_has_nothing_kept(
    same_minute: None, store: RedisStore, settings: Settings, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "IDLE_SECONDS", 0)
    assert allowed(store, 100_000, 10) == 10
    assert leased(client, settings) == 10


def test_a_permit_is_worth_nothing_in_another_minute(
    kept: None, store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    assert allowed(store, 1_000, 20) == 20
    assert store.has_beacon_permit(ADDRESS)
    monkeypatch.setattr(time, "time", lambda: now + 60)
    assert not store.has_beacon_permit(ADDRESS)


def test_permits_are_of_one_namespace_and_address(kept: None, store: RedisStore, settings: Settings) -> None:
    assert allowed(store, 1_000, 20) == 20
    assert not store.at(f"{settings.namespace}-other").has_beacon_permit(ADDRESS)
    assert not store.has_beacon_permit("192.0.2.2")
    assert store.has_beacon_permit(ADDRESS)


def test_what_a_process_does_not_use_goes_back_to_the_others(
    same_minute: None, store: RedisStore, another: RedisStore, settings: Settings, client: Client
) -> None:
    assert allowed(store, 1_000, 20) == 20
    wait_until(lambda: leased(client, settings) == 20)
    assert allowed(another, 1_000, 1_000) == 980
    assert not store.allow_beacon(ADDRESS, 1_000)


def test_closing_gives_back_what_is_not_used(kept: None, store: RedisStore, settings: Settings, client: Client) -> None:
    assert allowed(store, 1_000, 20) == 20
    assert leased(client, settings) > 20
    store.close()
    assert leased(client, settings) == 20
    assert not store.has_beacon_permit(ADDRESS)


def test_permits_that_are_given_back_late_make_no_counter(
    kept: None, store: RedisStore, settings: Settings, client: Client
) -> None:
    assert allowed(store, 1_000, 20) == 20
    for name in names_in(client, settings.namespace):
        client.delete(f"{{logster:{settings.namespace}}}:{name}")
    store.close()
    assert names_in(client, settings.namespace) == set()


def test_permits_that_cannot_be_given_back_raise_nothing(
    kept: None, store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert allowed(store, 1_000, 20) == 20

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(store._connection, "run_all", away)
    store.close()


def test_a_forked_child_has_none_of_its_parents_permits(kept: None, store: RedisStore) -> None:
    assert allowed(store, 1_000, 20) == 20
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork with threads, from 3.12 on
        child = os.fork()
    if child == 0:
        os._exit(1 if store.has_beacon_permit(ADDRESS) else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.has_beacon_permit(ADDRESS)


def test_a_process_remembers_a_bounded_number_of_addresses(
    same_minute: None, store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_ADDRESSES_AT_MOST", 2)
    for number in range(5):
        for _ in range(3):
            assert store.allow_beacon(f"192.0.2.{number}", 100)
    assert len(store._leases._leases) == 2
