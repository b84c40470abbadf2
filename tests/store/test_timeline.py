"""Counts of occurrences a bucket of time."""

import pytest

from logster.entry import Bucket
from logster.settings import Settings
from logster.store.address import Client
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from logster.store.timeline import Resolution
from tests.store.reports import NOW, key_of, report

HOUR, MINUTE, DAY = 3_600_000, 60_000, 86_400_000
THIS_HOUR = NOW // HOUR * HOUR
THIS_MINUTE = NOW // MINUTE * MINUTE


def test_occurrences_are_counted_by_hour_and_level(store: RedisStore, settings: Settings) -> None:
    store.report(
        [
            report(settings, 1, count=3, last_ms=NOW - 2 * HOUR),
            report(settings, 1, count=2),
            report(settings, 2, level=30, count=4),
        ]
    )
    assert store.timeline(since_ms=NOW - 2 * HOUR, until_ms=NOW) == [
        Bucket(THIS_HOUR - 2 * HOUR, {"ERROR": 3}),
        Bucket(THIS_HOUR - HOUR, {}),
        Bucket(THIS_HOUR, {"WARNING": 4, "ERROR": 2}),
    ]


def test_occurrences_are_counted_by_minute(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, count=3, last_ms=NOW - MINUTE), report(settings, count=2)])
    assert store.timeline(resolution="minute", since_ms=NOW - MINUTE, until_ms=NOW) == [
        Bucket(THIS_MINUTE - MINUTE, {"ERROR": 3}),
        Bucket(THIS_MINUTE, {"ERROR": 2}),
    ]


def test_an_entry_has_its_own(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, count=2), report(settings, 2, level=30)])
    assert store.timeline(key_of(1), since_ms=NOW, until_ms=NOW) == [Bucket(THIS_HOUR, {"ERROR": 2})]
    assert store.timeline(key_of(9), since_ms=NOW, until_ms=NOW) == [Bucket(THIS_HOUR, {})]


def test_an_entry_has_no_minutes(store: RedisStore) -> None:
    with pytest.raises(ValueError, match="by the hour only"):
        store.timeline(key_of(1), resolution="minute", since_ms=0, until_ms=NOW)


def test_any_range_costs_what_is_kept_only(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    assert len(store.timeline(since_ms=0, until_ms=10 * NOW)) <= 2_162
    assert len(store.timeline(resolution="minute", since_ms=0, until_ms=10 * NOW)) <= 1_442


def test_old_buckets_go_when_a_new_one_begins(store: RedisStore, settings: Settings, client: Client) -> None:
    keys = Keys(settings.current_namespace())
    names = [keys.timeline("hour", 40), keys.timeline("minute", 40), keys.entry_timeline(key_of(1))]
    store.report([report(settings, last_ms=NOW - HOUR)])
    for name, old in zip(names, [NOW // HOUR - 8 * 24, NOW // MINUTE - 1_450, NOW // HOUR - 8 * 24], strict=True):
        client.hset(name, str(old), 7)
    store.report([report(settings)])
    assert [client.hlen(name) for name in names] == [2, 2, 2]


def test_what_is_over_age_begins_no_bucket(store: RedisStore, settings: Settings, client: Client) -> None:
    store.report([report(settings)])
    store.report([report(settings, last_ms=NOW - 8 * DAY)])
    assert client.hlen(Keys(settings.current_namespace()).timeline("hour", 40)) == 1


def test_clearing_starts_the_overall_timeline_anew(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    store.clear()
    assert store.timeline(since_ms=NOW, until_ms=NOW) == [Bucket(THIS_HOUR, {})]


@pytest.mark.parametrize("length", [1, 3, 24, 72, 73, 160])
def test_hours_of_entries_are_those_of_their_timelines(store: RedisStore, settings: Settings, length: int) -> None:
    often = [report(settings, 1, count=back + 1, last_ms=NOW - back * HOUR) for back in range(100)]
    now_and_then = [report(settings, 2, count=7, last_ms=NOW - back * HOUR) for back in (0, 2, 23, 71, 90)]
    store.report([*often, *now_and_then, report(settings, 3, last_ms=NOW + HOUR)])
    span = {"since_ms": NOW - (length - 1) * HOUR, "until_ms": NOW}
    keys = [key_of(number) for number in (2, 1, 9, 3)]
    expected = [[sum(bucket.counts.values()) for bucket in store.timeline(key, **span)] for key in keys]
    assert [len(counts) for counts in expected] == [length] * 4
    assert store.hours(keys, **span) == expected


def test_hours_of_many_entries_come_in_their_order(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number, count=number + 1) for number in range(120)])
    assert store.hours([key_of(number) for number in range(120)], since_ms=NOW, until_ms=NOW) == [
        [number + 1] for number in range(120)
    ]
    assert store.hours([], since_ms=NOW, until_ms=NOW) == []


@pytest.mark.parametrize("resolution", ["hour", "minute"])
def test_what_happened_is_the_timeline_without_what_is_empty(
    store: RedisStore, settings: Settings, resolution: Resolution
) -> None:
    times = [NOW + HOUR, NOW, NOW - 2 * MINUTE, NOW - HOUR, NOW - 5 * HOUR, NOW - 3 * DAY]
    store.report([report(settings, number, level=30 + number % 3 * 10, last_ms=at) for number, at in enumerate(times)])
    for since_ms in (0, NOW - 4 * HOUR, NOW):
        span = {"resolution": resolution, "since_ms": since_ms, "until_ms": NOW}
        happened = store.happened(**span)
        assert happened == [bucket for bucket in store.timeline(**span) if bucket.counts]
        assert happened


def test_a_glance_tells_in_one_round_trip_what_three_questions_do(store: RedisStore, settings: Settings) -> None:
    times = [NOW, NOW - HOUR, NOW - 5 * HOUR, NOW - 3 * DAY]
    store.report([report(settings, number, version=f"1.{number}", last_ms=at) for number, at in enumerate(times)])
    keys = [key_of(number) for number in range(120)]
    for since_ms, some in ((NOW - DAY, keys), (NOW - 30 * DAY, keys[:3]), (NOW - DAY, [])):
        asked = store.latency.buckets()[0][-1][1]
        glance = store.glance(some, since_ms=since_ms, until_ms=NOW, overall_since_ms=NOW - 2 * DAY)
        assert store.latency.buckets()[0][-1][1] == asked + 1
        assert glance.hours == store.hours(some, since_ms=since_ms, until_ms=NOW)
        assert glance.happened == store.happened(since_ms=NOW - 2 * DAY, until_ms=NOW)
        assert glance.deploys == [(NOW - 5 * HOUR, "1.2"), (NOW - HOUR, "1.1"), (NOW, "1.0")]
