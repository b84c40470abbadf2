"""Export and import: the same store again, whatever it holds, and clear words about what is no archive."""

import uuid
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from logster.entry import Frame
from logster.errors import ArchiveConflict, InvalidArchive, SchemaMismatch
from logster.search import parse
from logster.settings import Settings
from logster.store.address import Client
from logster.store.importing import Imported, Lines
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.keyspace import names_in
from tests.store.reports import EXCEPTION, NOW, TRACEBACK, key_of, report, there

HOUR = 3_600_000
NASTY = 'Größe \x00 \x1b[31m \u2028 "quoted" \\ 💥\nsecond line'


def opened(lines: Iterable[bytes]) -> Lines:
    kept = list(lines)
    return lambda: kept


def snapshot(client: Client, namespace: str) -> dict[str, Any]:
    """Return every key of a namespace with its type, its value and whether it expires."""
    prefix = Keys(namespace).prefix
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1, withscores=True),
    }
    found = {}
    for name in names_in(client, namespace):
        kind = client.type(prefix + name)
        found[name] = (kind, read[kind](prefix + name), client.ttl(prefix + name) > 0)
    return found


def fill(store: RedisStore, settings: Settings) -> None:
    """Leave entries of every kind, marks with and without an entry, groups, patterns, timelines and counters."""
    store.add_pattern("suppression", "/^Ping/", by="eva")
    store.add_pattern("suppression", "/never/")
    store.add_pattern("grouping", "/^Order [1-6]/i")
    store.report([report(settings, 9, message="Ping 1", count=4)])
    store.report(
        [
            report(settings, 1, count=3, envs=[{"b": 1, "a": 2.5, "time": "own"}, {"a": 3, "b": 1}, {"c": [None]}]),
            report(settings, 2, level=50, exception=EXCEPTION, traceback=TRACEBACK, version="1.0", logger="ö"),
            report(settings, 3, level=45, message=NASTY, template=NASTY, envs=[{NASTY: {NASTY: NASTY}, "a\\u": '"'}]),
            report(settings, 4, level=30, location=Frame("a.py", "f", 3), version="2.0", source="javascript"),
            report(settings, 5, level=20, version="1.0"),
            report(settings, 6, level=10, version="1.0", last_ms=NOW - 3 * HOUR),
            report(settings, 7, version="1.0"),
            report(settings, 8, version="1.0", sender="someone", sequence=1),
        ]
    )
    for second in range(1, 60):
        store.report(
            [report(settings, 1, message=f"Order {second}", last_ms=NOW + second, envs=[{"n": second, "a": 2.5}])]
        )
    store.solve([key_of(number) for number in (4, 5, 6, 7)])
    store.report([report(settings, 5, version="1.1"), report(settings, 6, version="1.0")])
    store.delete([key_of(7)])
    store.protect(key_of(2))
    store.protect(key_of(4))
    store.allow_beacon("192.0.2.1", 5)
    store.allow_attempt("192.0.2.1", 5, 0)


def test_export_clear_import_gives_the_same_store(store: RedisStore, settings: Settings, client: Client) -> None:
    fill(store, settings)
    before = snapshot(client, settings.current_namespace())
    archive = opened(store.export())
    assert store.clear() == 5
    assert snapshot(client, settings.current_namespace()) != before
    assert store.import_archive(archive) == Imported(created=5, unchanged=2)
    assert snapshot(client, settings.current_namespace()) == before


def test_another_namespace_becomes_the_same(store: RedisStore, settings: Settings, client: Client) -> None:
    fill(store, settings)
    other = store.at(f"{settings.current_namespace()}-other")
    assert other.import_archive(opened(store.export())) == Imported(created=7, patterns=3)
    before = snapshot(client, settings.current_namespace())
    after = snapshot(client, f"{settings.current_namespace()}-other")
    passing = {name for name in before if name.startswith(("sender:", "beacon:", "attempts:"))}
    # When versions were deployed is true of where that happened.
    left = passing | {"deploys"}
    assert after == {name: value for name, value in before.items() if name not in left}
    assert all(before[name][2] for name in passing)


def test_an_archive_is_the_same_the_second_time(store: RedisStore, settings: Settings) -> None:
    fill(store, settings)
    first = list(store.export())
    store.clear()
    store.import_archive(opened(first))
    assert sorted(list(store.export())[1:]) == sorted(first[1:])


@pytest.mark.parametrize("mode", ["add", "merge", "replace"])
def test_importing_again_changes_nothing(store: RedisStore, settings: Settings, client: Client, mode: Any) -> None:
    """So an import that was interrupted may simply be repeated."""
    fill(store, settings)
    archive = opened(store.export())
    before = snapshot(client, settings.current_namespace())
    assert store.import_archive(archive, mode) == Imported(unchanged=7)
    assert snapshot(client, settings.current_namespace()) == before


def test_an_entry_that_differs_is_refused_before_anything_is_written(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    fill(store, settings)
    archive = opened(store.export())
    store.delete([key_of(1), key_of(2)])
    store.report([report(settings, 3, message="again")])
    before = snapshot(client, settings.current_namespace())
    with pytest.raises(ArchiveConflict, match=rf"Line \d+ .*entry {key_of(3)} .*merge or to replace"):
        store.import_archive(archive)
    assert snapshot(client, settings.current_namespace()) == before


def test_patterns_come_back_and_group_what_is_imported(store: RedisStore, settings: Settings) -> None:
    fill(store, settings)
    archive = opened(store.export())
    before, kept, changes = store.page().entries, store.patterns("suppression"), store.history()
    groups = store.patterns("grouping")
    for kind, each in [*(("suppression", each) for each in kept), *(("grouping", each) for each in groups)]:
        store.remove_pattern(kind, each.pattern)  # type: ignore[arg-type]
    store.delete([key_of(number) for number in range(1, 10)])
    assert store.import_archive(archive) == Imported(created=7, patterns=3)
    assert store.page().entries == before
    assert any(entry.group and entry.group.count > 1 for entry in before)
    assert (store.patterns("suppression"), store.patterns("grouping")) == (kept, groups)
    assert [each.count for each in kept] == [4, 0]
    assert store.report([report(settings, 9, message="Ping 2")])[0].outcome == "suppressed"
    assert store.history()[-len(changes) :] == changes
    elsewhere = store.at(f"{settings.current_namespace()}-other")
    elsewhere.import_archive(archive)
    assert elsewhere.history() == changes


@pytest.mark.parametrize(("mode", "count"), [("add", 5), ("merge", 9), ("replace", 4)])
def test_hits_are_kept_added_or_replaced(store: RedisStore, settings: Settings, mode: Any, count: int) -> None:
    fill(store, settings)
    archive = opened(store.export())
    store.report([report(settings, 9, message="Ping 1", count=1)])
    assert store.import_archive(archive, mode).patterns == 0
    assert store.patterns("suppression")[0].count == count


def test_hits_of_an_apps_own_rules_are_kept(settings: Settings) -> None:
    store = RedisStore(settings.with_changes(ignore=("noise",)))
    store.report([report(settings, 1, message="noise", count=3)])
    other = store.at(f"{settings.current_namespace()}-other")
    assert other.import_archive(opened(store.export())).patterns == 1
    (rule,) = other.patterns("suppression")
    assert (rule.pattern, rule.count, rule.source) == ("noise", 3, "code")
    store.close()


def test_entries_that_were_there_join_the_groups_of_the_archive(store: RedisStore, settings: Settings) -> None:
    fill(store, settings)
    archive = opened(store.export())
    other = store.at(f"{settings.current_namespace()}-other")
    there_before = settings.with_changes(namespace=f"{settings.current_namespace()}-other")
    store.report([report(there_before, 0x77, message="order 5 again")])
    other.import_archive(archive)
    (group,) = [entry.group for entry in other.page().entries if entry.group]
    assert key_of(0x77) in group.members


def test_replacing_puts_back_what_the_archive_has(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, count=2, envs=[{"a": 1}])])
    archive = opened(store.export())
    store.report([report(settings, 1, count=5, level=50, envs=[{"a": 2}]), report(settings, 2)])
    store.protect(key_of(1))
    assert store.import_archive(archive, "replace") == Imported(replaced=1)
    entry = there(store)
    assert (entry.count, entry.level, entry.env_count, entry.flags) == (2, "ERROR", 1, [])
    assert there(store, 2).count == 1
    assert store.count([50]) == 0


def test_merging_adds_up(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, count=2, message="old", envs=[{"n": 1}, {"n": 2}], version="1", last_ms=NOW - 9)])
    archive = opened(store.export())
    store.delete([key_of(1)])
    store.report([report(settings, 1, count=5, level=50, message="new", envs=[{"n": 3, "m": 0}], version="2")])
    assert store.import_archive(archive, "merge") == Imported(merged=1)
    entry = there(store)
    assert (entry.count, entry.level, entry.message, entry.first_message) == (7, "CRITICAL", "new", "old")
    assert (entry.first_seen, entry.last_seen, entry.versions) == (NOW - 9, NOW, ["2", "1"])
    assert [(env["n"], env.get("m")) for env in store.env_samples(key_of(1))] == [(3, 0), (2, None), (1, None)]
    (hour,) = store.timeline(key_of(1), since_ms=NOW, until_ms=NOW)
    assert sum(hour.counts.values()) in (5, 7)  # the earlier ones may be of the hour before
    assert store.count() == store.count([50]) == 1


def test_merging_takes_the_newer_text(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, message="new", traceback="new traceback")])
    archive = opened(store.export())
    store.delete([key_of(1)])
    store.report([report(settings, 1, message="old", traceback="old traceback", last_ms=NOW - 9)])
    store.import_archive(archive, "merge")
    entry = there(store)
    assert (entry.message, entry.first_message, entry.traceback) == ("new", "old", "new traceback")
    assert store.page().entries[0].last_seen == NOW


def test_a_search_finds_every_sample_of_an_imported_entry(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1, count=2, envs=[{"n": "one"}, {"n": "two"}])])
    archive = opened(store.export())
    store.delete([key_of(1)])
    store.import_archive(archive, "replace")
    for word in ("one", "two", "/^TWO$/i"):
        assert [entry.key for entry in store.page(query=parse(word)).entries] == [key_of(1)]


@pytest.mark.parametrize("is_newer", [True, False])
def test_merging_takes_exception_and_text_of_one_report(store: RedisStore, settings: Settings, is_newer: bool) -> None:
    store.report([report(settings, 1, message="plain " * 50, last_ms=NOW + 9 * is_newer)])
    archive = opened(store.export())
    store.delete([key_of(1)])
    store.report([report(settings, 1, exception=EXCEPTION, traceback=TRACEBACK, last_ms=NOW + 5)])
    store.import_archive(archive, "merge")
    entry = there(store)
    assert (entry.exception, entry.traceback) == ((None, "") if is_newer else (EXCEPTION, TRACEBACK))


def test_merging_keeps_the_bound_on_samples(store: RedisStore, settings: Settings) -> None:
    bounded = RedisStore(settings.with_changes(max_env_count_per_entry=3))
    store.report([report(settings, 1, envs=[{"n": number} for number in range(5)])])
    archive = opened(store.export())
    store.delete([key_of(1)])
    store.report([report(settings, 1, envs=[{"n": 9}], last_ms=NOW + 5)])
    bounded.import_archive(archive, "merge")
    assert [env["n"] for env in store.env_samples(key_of(1))] == [9, 4, 3]
    bounded.close()


def test_an_imported_entry_lives_on(store: RedisStore, settings: Settings) -> None:
    fill(store, settings)
    archive = opened(store.export())
    store.delete([key_of(number) for number in range(1, 9)])
    store.import_archive(archive)
    store.report([report(settings, 1, message="again", last_ms=NOW + 100, envs=[{"n": "new"}])])
    assert (there(store, 1).count, there(store, 1).message) == (63, "again")
    assert store.env_samples(key_of(1), limit=1)[0]["n"] == "new"
    assert store.report([report(settings, 4, version="2.0")])[0].outcome == "solved"
    assert there(store, 4).flags == ["protected", "solved"]
    rows = store.page().entries
    shown = [key for row in rows for key in (row.group.members if row.group else [row.key])]
    assert sorted(shown) == [key_of(number) for number in (1, 2, 3, 5, 8)]


def test_the_export_of_an_empty_namespace_is_an_archive(store: RedisStore) -> None:
    lines = list(store.export())
    assert [msgspec.json.decode(line)["kind"] for line in lines] == ["logster", "end"]
    assert store.import_archive(opened(lines)) == Imported()


LINE = {
    "kind": "entry", "key": key_of(1), "level": 40, "logger": "a", "message": "b", "count": 1,
    "first_seen": NOW, "last_seen": NOW,
}  # fmt: skip
HEADER = {"kind": "logster", "format": 1, "schema": 1, "namespace": "x", "created_ms": NOW}


def archive_of(*records: Any, end: bool = True) -> Lines:
    lines = [each if isinstance(each, bytes) else msgspec.json.encode(each) for each in (HEADER, *records)]
    return opened([*lines, msgspec.json.encode({"kind": "end", "entries": len(records)})] if end else lines)


def test_an_archive_made_by_hand_is_enough(store: RedisStore) -> None:
    env = [{"time": NOW, "env": {"a": 1}}]
    assert store.import_archive(archive_of(LINE | {"env": env, "versions": ["1\n2"]})) == Imported(created=1)
    entry = there(store)
    assert (entry.message, entry.versions, store.env_samples(entry.key)) == ("b", ["1 2"], [{"a": 1, "time": NOW}])


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"{", "Line 2 .*not JSON"),
        (b"\xff", "Line 2 "),
        (b"[" * 100_000, "Line 2 "),
        ({"kind": "wrong"}, "Line 2 .*wrong"),
        (LINE | {"key": "x"}, "Line 2 .*key: "),
        (LINE | {"key": key_of(1) + "\n"}, "Line 2 .*key: "),
        (LINE | {"count": 0}, "Line 2 .*count: "),
        (LINE | {"count": "1"}, "Line 2 .*count: expected `int`"),
        (LINE | {"level": -1}, "Line 2 .*level: "),
        (LINE | {"first_seen": NOW + 1}, "Line 2 .*first_seen is later than last_seen"),
        (LINE | {"colour": 1}, "Line 2 .*colour"),
        (LINE | {"env": [{"time": "x"}]}, "Line 2 .*env.*time: "),
        (LINE | {"stored": {"a b": "x"}}, "Line 2 .*stored"),
        (LINE | {"stored": {"text": "base64:???"}}, "Line 2 .*stored"),
        ({"kind": "timeline", "resolution": "hour", "level": 45, "counts": []}, "Line 2 .*level is 45"),
        ({"kind": "timeline", "resolution": "day", "level": 40, "counts": []}, "Line 2 .*resolution: "),
        (LINE | {"stored": {"level": "x"}}, "Line 2 .*own"),
        ({"kind": "pattern", "purpose": "suppression", "pattern": "/(/"}, "Line 2 .*pattern: "),
        ({"kind": "pattern", "purpose": "suppression", "pattern": "bare"}, "Line 2 .*'/bare/'"),
        ({"kind": "pattern", "purpose": "other", "pattern": "/bare/"}, "Line 2 .*purpose: "),
        ({"kind": "pattern", "purpose": "grouping", "pattern": "x", "source": "code"}, "Line 2 .*purpose: "),
        (HEADER, "Line 2 .*second archive"),
    ],
)
def test_a_mistake_is_named_with_its_line(store: RedisStore, client: Client, record: Any, reason: str) -> None:
    with pytest.raises(InvalidArchive, match=reason):
        store.import_archive(archive_of(record))
    assert store.count() == 0


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([], "Line 1 .*empty"),
        ([LINE], "Line 1 .*begins with"),
        ([HEADER | {"format": 2}], "Line 1 .*newer Logster"),
        ([HEADER | {"schema": 99}], "Line 1 .*newer Logster"),
        ([HEADER, LINE], "Line 3 .*cut off"),
        ([HEADER, LINE, {"kind": "end", "entries": 2}], "Line 3 .*2 entries above, not 1"),
        ([HEADER, {"kind": "end", "entries": 0}, LINE], "Line 3 .*follow the end"),
    ],
)
def test_an_archive_is_whole(store: RedisStore, lines: list[Any], reason: str) -> None:
    with pytest.raises(InvalidArchive, match=reason):
        store.import_archive(opened([msgspec.json.encode(each) for each in lines]))
    assert store.count() == 0


def test_a_line_at_the_end_spoils_all(store: RedisStore) -> None:
    """Everything is checked before anything is written."""
    many = [LINE | {"key": key_of(number)} for number in range(250)]
    with pytest.raises(InvalidArchive, match="Line 252"):
        store.import_archive(archive_of(*many, {"kind": "wrong"}))
    assert store.count() == 0


def test_an_entry_that_is_there_twice_is_a_mistake(store: RedisStore) -> None:
    with pytest.raises(InvalidArchive, match=r"Line 3 .*second time"):
        store.import_archive(archive_of(LINE, LINE))
    assert store.count() == 0


def test_what_a_newer_logster_wrote_is_not_exported(store: RedisStore, settings: Settings, client: Client) -> None:
    client.set(Keys(settings.current_namespace()).schema, 99)
    with pytest.raises(SchemaMismatch):
        list(store.export())


def test_an_export_amid_reports_has_each_entry_once(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in range(500)])
    lines: list[bytes] = []
    for at, line in enumerate(store.export()):
        lines.append(line)
        if at % 20 == 0:
            store.report([report(settings, at + 1, last_ms=NOW + at)])
            store.protect(key_of(at + 2))
            store.unprotect(key_of(500 - at % 500))
    other = store.at(f"{settings.current_namespace()}-other")
    assert other.import_archive(opened(lines)).created >= 500
    assert {key_of(number) for number in range(500)} <= {msgspec.json.decode(line).get("key") for line in lines}


def test_ten_thousand_entries_come_back(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, namespace=f"many-{uuid.uuid4().hex[:8]}", max_backlog=20_000)
    store = RedisStore(settings)
    envs = [{"n": number, "url": "/orders/7", "host": "web"} for number in range(3)]
    for start in range(0, 10_000, 500):
        store.report(
            [
                report(settings, number, envs=envs, exception=EXCEPTION, traceback=TRACEBACK)
                for number in range(start, start + 500)
            ]
        )
    archive = list(store.export())
    assert store.clear() == 10_000
    assert store.import_archive(opened(archive)).created == 10_000
    assert store.count() == 10_000
    store.clear()
    store.close()
