"""Clocks that are wrong: what is counted stays right, and what a wrong time did goes away again."""

from time import time_ns

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.store.reports import key_of, report, there

MINUTE = 60_000
DAY = 86_400_000
YEAR = 365 * DAY


def now_ms() -> int:
    """Return the moment: a clock is compared with Redis's, and the run may have begun an hour ago."""
    return time_ns() // 1_000_000


def shown(store: RedisStore) -> list[str]:
    return [each.key for each in store.page().entries]


def test_two_hosts_whose_clocks_differ_by_minutes_count_together(store: RedisStore, settings: Settings) -> None:
    now = now_ms()
    for number in range(1, 11):
        for host, minutes in (("a", -7), ("b", 7)):
            time = now + minutes * MINUTE + number
            store.report([report(settings, last_ms=time, sender=host, sequence=number, envs=[{"hostname": host}])])

    entry = there(store)
    assert (entry.count, entry.first_seen, entry.last_seen) == (20, now - 7 * MINUTE + 1, now + 7 * MINUTE + 10)
    assert [env["hostname"] for env in store.env_samples(key_of(1))] == ["b", "a"] * 10
    assert sum(bucket.counts.get("ERROR", 0) for bucket in store.timeline(since_ms=now - DAY, until_ms=now + DAY)) == 20


def test_a_clock_that_jumps_back_takes_nothing_from_what_is_known(store: RedisStore, settings: Settings) -> None:
    now = now_ms()
    for number, time in enumerate((now, now - DAY, now + 1), 1):
        store.report([report(settings, last_ms=time, sender="a", sequence=number, message=f"at {number}")])

    entry = there(store)
    assert (entry.count, entry.message, entry.last_seen, entry.first_seen) == (3, "at 3", now + 1, now - DAY)


def test_a_clock_that_was_years_ahead_does_not_stay_on_top(store: RedisStore, settings: Settings) -> None:
    now = now_ms()
    store.report([report(settings, 1, last_ms=now + 70 * YEAR)])
    store.report([report(settings, 2, last_ms=now + 30 * MINUTE)])

    assert shown(store) == [key_of(2), key_of(1)]
    assert now <= there(store, 1).first_seen <= there(store, 1).last_seen < now + DAY


def test_a_clock_that_is_back_from_years_ahead_goes_on(store: RedisStore, settings: Settings) -> None:
    now = now_ms()
    for time in (now + 70 * YEAR, now + 10 * MINUTE):
        store.report([report(settings, last_ms=time)])

    assert (there(store).count, there(store).last_seen) == (2, now + 10 * MINUTE)


def test_a_clock_that_begins_in_1970_takes_nothing_from_the_others(store: RedisStore, settings: Settings) -> None:
    """What it reports is over age, and goes as that does; what others report as well is counted on."""
    store.report([report(settings, 1)])
    store.report([report(settings, number, last_ms=5_000) for number in (1, 2)])
    store.report([report(settings, 1)])

    assert shown(store) == [key_of(1)]
    assert there(store).count == 3
