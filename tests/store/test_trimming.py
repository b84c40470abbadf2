"""What is too old or too much goes with all that belongs to it; what is protected stays whole."""

import time

import pytest

from logster.settings import Settings
from logster.store.address import Client
from logster.store.redis_store import RedisStore
from tests.store.keyspace import listed_in, names_in, names_of, overall
from tests.store.reports import NOW, key_of, numbers, report, there

ENV = {"host": "web1"}


def reports(settings: Settings, entries: range, **changes: object) -> list:
    return [report(settings, number, envs=[ENV, ENV], **changes) for number in entries]


@pytest.fixture
def small(settings: Settings) -> Settings:
    return settings.with_changes(max_backlog=10)


def test_the_oldest_go_when_there_are_too_many(small: Settings, client: Client) -> None:
    store = RedisStore(small)
    for number in range(40):
        store.report([report(small, number, last_ms=NOW + number, envs=[ENV], level=10 * (1 + number % 5))])
        assert store.count() == min(number + 1, 10)
    survivors = range(30, 40)
    assert numbers(store.page().entries) == list(reversed(survivors))
    lists = {"trimmable", "texts", *(f"recent:{level}" for level in (10, 20, 30, 40, 50))}
    assert names_in(client, small.namespace) == names_of(survivors) | lists | overall(10, 20, 30, 40, 50)
    assert listed_in(client, small.namespace) == {key_of(number) for number in survivors}
    store.close()


def test_what_happened_again_is_not_the_oldest(small: Settings) -> None:
    store = RedisStore(small)
    store.report([report(small, number, last_ms=NOW + number) for number in range(10)])
    store.report([report(small, 0, last_ms=NOW + 50), report(small, 11, last_ms=NOW + 51)])
    assert numbers(store.page().entries) == [11, 0, 9, 8, 7, 6, 5, 4, 3, 2]
    store.close()


def test_protected_entries_neither_count_nor_go(small: Settings, client: Client) -> None:
    store = RedisStore(small)
    store.report(reports(small, range(5)))
    for number in range(5):
        store.protect(key_of(number))
    store.report(reports(small, range(5)))
    whole = [there(store, number) for number in range(5)]
    store.report(reports(small, range(5, 60), last_ms=NOW + 1))
    assert [there(store, number) for number in range(5)] == whole
    assert len(store.env_samples(key_of(0))) == 4
    assert store.count() == 15
    store.unprotect(key_of(0))
    store.report(reports(small, range(60, 61), last_ms=NOW + 2))
    assert store.entry(key_of(0)) is None
    survivors = {*range(1, 5), *map(int, numbers(store.page().entries))}
    assert names_in(client, small.namespace) == (
        names_of(survivors) | overall(40) | {"trimmable", "texts", "recent:40", "protected"}
    )
    store.close()


def test_a_smaller_backlog_is_reached_little_by_little(settings: Settings) -> None:
    store = RedisStore(settings)
    store.report(reports(settings, range(100)))
    smaller = settings.with_changes(max_backlog=10)
    shrinking = RedisStore(smaller)
    for number in range(100, 106):
        shrinking.report([report(smaller, number, last_ms=NOW + 1)])
    assert store.count() == 10
    store.close()
    shrinking.close()


def test_what_is_over_age_goes_with_the_next_report(settings: Settings, client: Client) -> None:
    store = RedisStore(settings)
    old = NOW - settings.max_age_seconds * 1_000 - 1_000
    lenient = RedisStore(settings.with_changes(max_age_seconds=2 * settings.max_age_seconds))
    lenient.report(reports(settings, range(10), last_ms=old))
    store.report(reports(settings, range(10, 11)))
    assert names_in(client, settings.namespace) == names_of([10]) | overall(40) | {"trimmable", "texts", "recent:40"}
    store.close()
    lenient.close()


def test_what_is_over_age_is_never_shown_though_nothing_is_reported(settings: Settings, client: Client) -> None:
    lenient = RedisStore(settings)
    lenient.report(reports(settings, range(250), last_ms=int(time.time() * 1_000) - 100_000))
    lenient.protect(key_of(3))
    lenient.solve([key_of(4)])
    lenient.report(reports(settings, range(250, 251), last_ms=int(time.time() * 1_000)))
    strict = RedisStore(settings.with_changes(max_age_seconds=60))
    page = strict.page(limit=10, include_solved=True)
    assert (numbers(page.entries), page.total, page.next) == ([250, 3], 2, None)
    assert strict.count() == 2
    left = (
        names_of([3, 250]) | overall(40) | {"trimmable", "texts", "recent:40", "protected", "solved", "solved:versions"}
    )
    assert names_in(client, settings.namespace) == left
    lenient.close()
    strict.close()


def test_nothing_is_left_of_deleted_entries(store: RedisStore, settings: Settings, client: Client) -> None:
    store.report(reports(settings, range(30), level=30) + reports(settings, range(30, 60), version="1.0"))
    store.report(reports(settings, range(10), level=50))
    for number in range(5):
        store.protect(key_of(number))
    assert store.delete(map(key_of, range(60))) == 60
    assert names_in(client, settings.namespace) == overall(30, 40, 50) | {"deploys"}


def test_nothing_but_decisions_is_left_of_cleared_entries(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    store.report([report(settings, number, sender="a", sequence=number, envs=[ENV]) for number in range(150)])
    store.solve([key_of(number) for number in range(20)])
    assert store.clear() == 150
    assert names_in(client, settings.namespace) == {"schema", "solved", "solved:versions", "sender:a"}
    assert client.ttl(f"{{logster:{settings.namespace}}}:sender:a") > 0
    store.unsolve([key_of(number) for number in range(20)])
    assert names_in(client, settings.namespace) == {"schema", "sender:a"}


def test_the_key_space_after_a_life_is_that_of_a_store_that_never_had_it(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    store.report(reports(settings, range(5)))
    store.protect(key_of(1))
    before = names_in(client, settings.namespace)
    store.report(reports(settings, range(5, 50)))
    store.protect(key_of(7))
    store.solve([key_of(8), key_of(9)])
    store.unsolve([key_of(8), key_of(9)])
    store.delete(map(key_of, range(5, 50)))
    assert names_in(client, settings.namespace) == before
    assert listed_in(client, settings.namespace) == {key_of(number) for number in range(5)}
