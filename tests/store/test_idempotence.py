"""A report that arrives again, because an answer was lost, counts once."""

import pytest
from redis.exceptions import ResponseError

from logster.settings import Settings
from logster.store import reporting
from logster.store.address import Client
from logster.store.connection import Connection
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from logster.store.reporting import calls_for
from logster.store.tenant import Tenant
from tests.store.reports import NOW, key_of, report, there


def test_a_batch_that_is_repeated_counts_once(store: RedisStore, settings: Settings) -> None:
    batch = [report(settings, number, sender="worker", sequence=10 + number) for number in range(5)]
    assert [result.outcome for result in store.report(batch)] == ["created"] * 5
    assert [result.outcome for result in store.report(batch)] == ["repeated"] * 5
    assert [there(store, number).count for number in range(5)] == [1] * 5


def test_a_batch_of_which_a_part_was_applied_is_completed(store: RedisStore, settings: Settings) -> None:
    batch = [report(settings, 1, sender="worker", sequence=number, envs=[{"n": number}]) for number in range(1, 6)]
    store.report(batch[:2])
    assert [result.outcome for result in store.report(batch)] == ["repeated"] * 2 + ["merged"] * 3
    assert there(store).count == 5
    assert [sample["n"] for sample in store.env_samples(key_of(1))] == [5, 4, 3, 2, 1]


def test_a_batch_is_applied_in_the_order_of_its_numbers(store: RedisStore, settings: Settings) -> None:
    batch = [report(settings, number, sender="worker", sequence=number) for number in (3, 1, 2)]
    assert [result.key for result in store.report(batch)] == [key_of(3), key_of(1), key_of(2)]
    assert store.count() == 3


def test_senders_do_not_know_each_other(store: RedisStore, settings: Settings) -> None:
    for sender in ("a", "b"):
        store.report([report(settings, sender=sender, sequence=1)])
    assert there(store).count == 2


def test_namespaces_do_not_know_each_other(store: RedisStore, settings: Settings) -> None:
    other = settings.with_changes(namespace=f"{settings.namespace}-other")
    store.report([report(each, sender="a", sequence=number) for number, each in enumerate((settings, other), 1)])
    assert [result.outcome for result in store.report([report(other, sender="a", sequence=3)])] == ["merged"]


def test_without_a_sender_every_report_counts(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings), report(settings)])
    assert there(store).count == 2


def test_a_solved_report_is_not_dropped_twice(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, version="1")])
    store.solve([key_of(1)])
    again = [report(settings, version="1", sender="a", sequence=1)]
    assert [store.report(again)[0].outcome for _ in range(2)] == ["solved", "repeated"]


def test_what_was_applied_before_one_that_fails_is_applied_once(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    samples = Keys(settings.current_namespace()).env(key_of(2))
    client.set(samples, "no list")
    batch = [report(settings, number, sender="worker", sequence=number, envs=[{"n": 1}]) for number in (1, 2, 3)]
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        store.report(batch)
    client.delete(samples)
    assert [result.outcome for result in store.report(batch)] == ["repeated", "repeated", "created"]
    assert [there(store, number).count for number in (1, 3)] == [1, 1]
    assert [bucket.counts for bucket in store.timeline(since_ms=NOW, until_ms=NOW)] == [{"ERROR": 2}]


def test_a_report_whose_predecessor_in_the_batch_was_not_applied_is_refused(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it applied, the predecessor's repetition would be taken for done, and lost."""
    connection = Connection(settings.redis_url, 2)
    tenant = Tenant(connection, settings.current_namespace(), max_age_ms=86_400_000)
    batch = [report(settings, number, sender="a", sequence=number) for number in (1, 2, 3)]
    monkeypatch.setattr(reporting, "_REPORTS_A_CALL", 1)
    calls = [each.command for each in calls_for(batch, lambda _: tenant, settings)]
    assert connection.run_all([calls[0], calls[2]]) == [[[b"created", 1]], [[b"refused", 0]]]
    assert connection.run_all(calls) == [[[b"repeated", 0]], [[b"created", 1]], [[b"created", 1]]]
    connection.close()
