"""First sights of the app's versions, values of the search's fields, and what occurred in a span."""

from logster.search import parse
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.store.reports import NOW, key_of, numbers, report

HOUR = 3_600_000
THIS_HOUR = NOW // HOUR * HOUR


def test_a_version_is_noted_when_it_is_first_seen(store: RedisStore, settings: Settings) -> None:
    store.report(
        [
            report(settings, 1, version="1.0", last_ms=NOW - 2 * HOUR),
            report(settings, 1, version="1.1", last_ms=NOW - HOUR),
            report(settings, 2, version="1.1", last_ms=NOW),
            report(settings, 3),
        ]
    )
    assert store.deploys(since_ms=0, until_ms=NOW) == [(NOW - 2 * HOUR, "1.0"), (NOW - HOUR, "1.1")]
    assert store.deploys(since_ms=NOW - HOUR, until_ms=NOW) == [(NOW - HOUR, "1.1")]


def test_the_newest_hundred_versions_are_kept(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, version=f"1.{each}", last_ms=NOW + each) for each in range(120)])
    found = store.deploys(since_ms=0, until_ms=2 * NOW)
    assert [version for _, version in found] == [f"1.{each}" for each in range(20, 120)]


def test_hours_of_several_entries_come_in_their_order(store: RedisStore, settings: Settings) -> None:
    store.report(
        [
            report(settings, 1, count=3, last_ms=NOW - 2 * HOUR),
            report(settings, 1, count=2),
            report(settings, 2, count=7, last_ms=NOW - HOUR),
        ]
    )
    since = THIS_HOUR - 2 * HOUR
    keys = [key_of(2), key_of(9), key_of(1)]
    assert store.hours(keys, since_ms=since, until_ms=NOW) == [[0, 7, 0], [0, 0, 0], [3, 0, 2]]
    long = store.hours(keys, since_ms=THIS_HOUR - 100 * HOUR, until_ms=NOW)
    assert [hours[-3:] for hours in long] == [[0, 7, 0], [0, 0, 0], [3, 0, 2]]
    assert {len(hours) for hours in long} == {101}
    assert store.hours([], since_ms=since, until_ms=NOW) == []


def test_only_what_occurred_in_a_span_is_found(store: RedisStore, settings: Settings) -> None:
    store.report(
        [
            report(settings, 1, last_ms=NOW - 5 * HOUR),
            report(settings, 1, last_ms=NOW),
            report(settings, 2, last_ms=NOW - HOUR),
            report(settings, 3, last_ms=NOW - 5 * HOUR),
            report(settings, 4, last_ms=NOW - 9 * HOUR),
        ]
    )
    span = (THIS_HOUR - 6 * HOUR, THIS_HOUR - 4 * HOUR - 1)
    assert numbers(store.page(query=parse(""), during=span).entries) == [1, 3]
    assert numbers(store.page(query=parse("count:>1"), during=span).entries) == [1]
    first = store.page(query=parse(""), during=span, limit=1)
    assert numbers(store.page(query=parse(""), during=span, before=first.next).entries) == [3]


def test_values_of_a_field_come_most_common_first(store: RedisStore, settings: Settings) -> None:
    for number, (logger, host) in enumerate([("shop", "web-1"), ("shop", "web-2"), ("mail", "web-2")]):
        store.report([report(settings, number, logger=logger, version=f"1.{number}", envs=[{"hostname": host}])])
    store.report([report(settings, 1, version="1.0")])
    assert store.values("logger") == ["shop", "mail"]
    assert store.values("host") == ["web-2", "web-1"]
    assert store.values("version")[0] == "1.0"
    assert sorted(store.values("version")) == ["1.0", "1.1", "1.2"]
    assert store.values("type") == []
