"""What a user decides about entries: protect, solve, delete, clear."""

import pytest

from logster.settings import Settings
from logster.store.address import Client
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.reports import EXCEPTION, NOW, TRACEBACK, key_of, numbers, report, there


@pytest.fixture
def entries(store: RedisStore, settings: Settings) -> RedisStore:
    """The store with five entries seen in version 1.0, numbers 0 to 4."""
    store.report([report(settings, number, last_ms=NOW + number, version="1.0") for number in range(5)])
    return store


def test_protecting_marks_and_unprotecting_takes_the_mark_away(entries: RedisStore) -> None:
    assert entries.protect(key_of(1))
    assert there(entries, 1).flags == ["protected"]
    assert entries.page().entries[3].has("protected")
    assert entries.unprotect(key_of(1))
    assert there(entries, 1).flags == []


def test_what_is_not_there_cannot_be_decided_on(entries: RedisStore) -> None:
    assert not entries.protect(key_of(99))
    assert not entries.unprotect(key_of(99))
    assert entries.solve([key_of(99)]) == 0
    assert entries.unsolve([key_of(1), key_of(99)]) == 0
    assert entries.delete([key_of(99)]) == 0


def test_deleting_removes_what_is_named(entries: RedisStore) -> None:
    entries.protect(key_of(2))
    assert entries.delete([key_of(2), key_of(3), key_of(99)]) == 2
    assert numbers(entries.page().entries) == [4, 1, 0]
    assert entries.entry(key_of(2)) is None


def test_a_deleted_entry_begins_anew(entries: RedisStore, settings: Settings) -> None:
    entries.protect(key_of(2))
    entries.delete([key_of(2)])
    entries.report([report(settings, 2)])
    assert (there(entries, 2).count, there(entries, 2).flags) == (1, [])


def test_many_are_deleted_at_once(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in range(250)])
    assert store.delete(key_of(number) for number in range(250)) == 250
    assert store.count() == 0


def test_clear_spares_what_is_protected(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number, envs=[{"n": number}]) for number in range(250)])
    store.protect(key_of(7))
    before = there(store, 7)
    assert store.clear() == 249
    assert there(store, 7) == before
    assert store.env_samples(key_of(7)) == [{"n": 7, "time": NOW}]
    assert sum(bucket.counts.get("ERROR", 0) for bucket in store.timeline(key_of(7), since_ms=0, until_ms=NOW)) == 1
    assert numbers(store.page().entries) == [7]


def test_clear_spares_decisions(entries: RedisStore, settings: Settings) -> None:
    entries.solve([key_of(1)])
    assert entries.clear() == 5
    entries.report([report(settings, 1, version="1.0")])
    assert entries.entry(key_of(1)) is None
    entries.report([report(settings, 1, version="2.0")])
    assert there(entries, 1).flags == ["regressed"]


def test_a_solved_entry_is_hidden_unless_asked_for(entries: RedisStore) -> None:
    assert entries.solve([key_of(1), key_of(3)]) == 2
    assert numbers(entries.page().entries) == [4, 2, 0]
    assert (entries.count(), entries.page().total) == (3, 3)
    shown = entries.page(include_solved=True)
    assert numbers(shown.entries) == [4, 3, 2, 1, 0]
    assert shown.entries[1].flags == ["solved"]
    assert there(entries, 1).has("solved")


def test_a_solved_version_is_dropped_and_counted(entries: RedisStore, settings: Settings, client: Client) -> None:
    entries.solve([key_of(1)])
    [result] = entries.report([report(settings, 1, version="1.0", count=3)])
    assert (result.outcome, result.count) == ("solved", 0)
    assert there(entries, 1).count == 1
    assert client.hget(Keys(settings.current_namespace()).counters, "dropped_by_solved") == b"3"


@pytest.mark.parametrize("version", ["2.0", "1.0.1", "1", ""])
def test_another_version_or_none_brings_a_solved_entry_back(
    entries: RedisStore, settings: Settings, version: str
) -> None:
    entries.solve([key_of(1)])
    [result] = entries.report([report(settings, 1, version=version, last_ms=NOW + 10, traceback="new")])
    assert (result.outcome, result.count) == ("regressed", 2)
    entry = entries.page().entries[0]
    assert (entry.key, entry.flags) == (key_of(1), ["regressed"])
    assert there(entries, 1).traceback == "new"


def test_a_regressed_entry_without_a_traceback_shows_none(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, exception=EXCEPTION, traceback=TRACEBACK, location=EXCEPTION.frames[0])])
    assert there(store).location == EXCEPTION.frames[0]
    store.solve([key_of(1)])
    store.report([report(settings, message="gone" * 100)])
    entry = there(store)
    assert (entry.flags, entry.exception, entry.traceback) == (["regressed"], None, "")


def test_a_regressed_entry_still_drops_the_versions_it_was_solved_in(entries: RedisStore, settings: Settings) -> None:
    entries.solve([key_of(1)])
    entries.report([report(settings, 1, version="2.0"), report(settings, 1, version="1.0")])
    assert there(entries, 1).count == 2
    entries.solve([key_of(1)])
    assert there(entries, 1).flags == ["solved"]
    assert entries.report([report(settings, 1, version="2.0")])[0].outcome == "solved"


def test_solved_without_a_version_hides_until_it_happens_again(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    store.solve([key_of(1)])
    assert store.count() == 0
    assert [store.report([report(settings)])[0].outcome for _ in range(2)] == ["regressed", "merged"]
    assert there(store).flags == ["regressed"]


def test_unsolving_shows_the_entry_and_lets_its_version_report_again(entries: RedisStore, settings: Settings) -> None:
    entries.solve([key_of(1)])
    assert entries.unsolve([key_of(1)]) == 1
    assert numbers(entries.page().entries) == [4, 3, 2, 1, 0]
    assert numbers(entries.page(include_solved=True).entries) == [4, 3, 2, 1, 0]
    assert entries.report([report(settings, 1, version="1.0")])[0].outcome == "merged"
    assert there(entries, 1).flags == []


def test_a_solved_mark_expires(entries: RedisStore, settings: Settings, client: Client) -> None:
    entries.solve([key_of(1), key_of(2)])
    solved = Keys(settings.current_namespace()).solved
    client.zadd(solved, {key_of(1): NOW - 1_000_000, key_of(2): NOW - 1_000_000})
    assert entries.report([report(settings, 1, version="1.0")])[0].outcome == "merged"
    assert numbers(entries.page().entries) == [4, 3, 2, 1, 0]
    assert client.exists(solved, Keys(settings.current_namespace()).solved_versions) == 0


def test_a_protected_entry_may_be_solved(entries: RedisStore) -> None:
    entries.protect(key_of(1))
    entries.solve([key_of(1)])
    assert there(entries, 1).flags == ["protected", "solved"]
    assert entries.clear() == 4
    assert numbers(entries.page(include_solved=True).entries) == [1]


def test_it_is_noted_who_decided(entries: RedisStore) -> None:
    entries.solve([key_of(1), key_of(2)], by="ann")
    entries.unsolve([key_of(1)], by="bob")
    entries.protect(key_of(3), by="eve")
    entries.unprotect(key_of(3))
    entries.delete([key_of(99)], by="nobody")
    entries.delete([key_of(0)], by="eve")
    entries.delete_matching("Order 4", by="bob")
    entries.clear(by="ann")
    assert [(each.kind, each.subject, each.by) for each in reversed(entries.history())] == [
        ("solve", "2 entries", "ann"),
        ("unsolve", key_of(1), "bob"),
        ("protect", key_of(3), "eve"),
        ("delete", key_of(0), "eve"),
        ("delete_matching", "/Order 4/", "bob"),
        ("clear", "3 entries", "ann"),
    ]
