"""What a report leaves behind."""

import time

import pytest

from logster.entry import ExceptionInfo, Frame, Report
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from logster.store.reporting import ReportResult
from tests.store.reports import EXCEPTION, NOW, TRACEBACK, key_of, report, there


def test_an_entry_comes_back_as_it_was_reported(store: RedisStore, settings: Settings) -> None:
    location = Frame("app.py", "find", 12)
    store.report(
        [
            report(
                settings,
                level=45,
                logger="app.ünits",
                message="Größe 3 is unknown\nto us",
                template="Größe %s is unknown",
                exception=EXCEPTION,
                traceback=TRACEBACK,
                location=location,
                version="1.0",
                count=3,
                first_ms=NOW - 500,
            )
        ]
    )
    entry = there(store)
    assert (entry.level, entry.level_number, entry.logger) == ("ERROR", 45, "app.ünits")
    assert (entry.message, entry.template) == ("Größe 3 is unknown\nto us", "Größe %s is unknown")
    assert (entry.exception, entry.traceback, entry.location) == (EXCEPTION, TRACEBACK, location)
    assert (entry.exception_type, entry.versions, entry.source) == ("ValueError", ["1.0"], "python")
    assert (entry.count, entry.first_seen, entry.last_seen, entry.flags) == (3, NOW - 500, NOW, [])


def test_a_repeat_counts_up(store: RedisStore, settings: Settings) -> None:
    results = store.report([report(settings, count=2), report(settings, 2), report(settings, count=5)])
    assert results == [
        ReportResult(key_of(1), "created", 2),
        ReportResult(key_of(2), "created", 1),
        ReportResult(key_of(1), "merged", 7),
    ]
    assert there(store).count == 7


def test_the_first_message_and_the_latest_are_kept(store: RedisStore, settings: Settings) -> None:
    for second, message in enumerate(["one", "two", "three"]):
        store.report([report(settings, message=message, last_ms=NOW + second)])
    entry = there(store)
    assert (entry.first_message, entry.message) == ("one", "three")


def test_the_first_message_of_a_coalesced_report_is_kept(store: RedisStore, settings: Settings) -> None:
    latest = report(settings, message="latest")
    store.report([Report(latest.latest, 2, NOW - 5, NOW, "first")])
    assert (there(store).first_message, there(store).message) == ("first", "latest")


def test_a_late_report_moves_neither_message_nor_last_seen_back(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, message="new")])
    store.report([report(settings, message="old", last_ms=NOW - 1_000)])
    entry = there(store)
    assert (entry.message, entry.first_message) == ("new", "old")
    assert (entry.first_seen, entry.last_seen, entry.count) == (NOW - 1_000, NOW, 2)
    assert store.page().entries[0].last_seen == NOW


def test_a_higher_level_moves_the_entry(store: RedisStore, settings: Settings) -> None:
    for level in (30, 50, 40):
        store.report([report(settings, level=level)])
    assert there(store).level == "CRITICAL"
    assert [store.count([level]) for level in (30, 40, 50)] == [0, 0, 1]


def test_versions_are_kept_newest_first_and_no_more_than_twenty(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, version=f"1.{number}") for number in range(30)])
    versions = there(store).versions
    assert versions[:3] == ["1.29", "1.28", "1.27"]
    assert len(versions) == 20


def test_a_version_is_one_line(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, version="1.0\n(dirty)" + "x" * 1_000)])
    assert len(there(store).versions) == 1
    assert there(store).versions[0].startswith("1.0 (dirty)")


def test_what_only_the_entry_page_shows_is_left_out_of_lists(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, exception=EXCEPTION, traceback=TRACEBACK, envs=[{"a": 1}])])
    row = store.page().entries[0]
    assert (row.exception, row.traceback, row.env, row.env_count) == (None, "", None, 1)
    assert row.exception_type == "ValueError"


def test_no_report_is_no_work(store: RedisStore) -> None:
    assert store.report([]) == []


def test_an_unknown_key_has_no_entry(store: RedisStore) -> None:
    assert store.entry(key_of(1)) is None


@pytest.mark.parametrize("text", ["\x00", "\ud800", "a\r\nb", "💥" * 100, "%s %d", '"\\'])
def test_any_text_survives(store: RedisStore, settings: Settings, text: str) -> None:
    """A lone surrogate cannot be stored; it becomes a question mark and nothing is raised."""
    exception = ExceptionInfo(text, text, EXCEPTION.frames)
    fields = {"message": text, "logger": text, "template": text, "traceback": text, "exception": exception}
    store.report([report(settings, **fields, envs=[{"a": text}])])
    kept, entry = text.replace("\ud800", "?"), there(store)
    assert (entry.message, entry.logger, entry.template, entry.traceback) == (kept, kept, kept, kept)
    assert entry.exception == ExceptionInfo(kept, kept, EXCEPTION.frames)
    assert store.env_samples(key_of(1))[0]["a"] == kept


def test_a_report_goes_where_its_occurrence_belongs(store: RedisStore, settings: Settings) -> None:
    other = settings.with_changes(namespace=f"{settings.namespace}-other")
    store.report([report(settings, 1), report(other, 2)])
    elsewhere = store.at(other.current_namespace())
    assert store.entry(key_of(2)) is None
    assert there(elsewhere, 2).count == 1
    assert (store.count(), elsewhere.count()) == (1, 1)


def test_the_namespace_may_follow_the_context(settings: Settings) -> None:
    current = [f"{settings.namespace}-a"]
    store = RedisStore(settings.with_changes(namespace=lambda: current[0]))
    store.report([report(settings.with_changes(namespace=current[0]))])
    assert store.count() == 1
    current[0] = f"{settings.namespace}-b"
    assert store.count() == 0
    store.close()


def test_reported_times_need_not_be_of_this_machine(store: RedisStore, settings: Settings) -> None:
    ahead = int(time.time() * 1_000) + 600_000
    store.report([report(settings, 1, last_ms=ahead), report(settings, 2)])
    assert store.page().entries[0].last_seen == ahead
    assert store.clear() == 2
