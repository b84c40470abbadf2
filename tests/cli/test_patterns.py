"""`logster patterns`: suppression and grouping from the command line."""

import json
from collections.abc import Callable

import pytest

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended
from tests.store.reports import report

Run = Callable[..., Ended]


def test_a_pattern_is_added_listed_and_removed(inside: Run, store: RedisStore) -> None:
    assert inside("patterns", "add", "suppression", "Ping") == (0, "Added /Ping/.\n", "")
    assert inside("patterns", "add", "grouping", "/time-?out/i").code == 0
    listed = inside("patterns", "list").out.splitlines()
    assert [(line.split()[0], line.split()[-1]) for line in listed] == [
        ("suppression", "/Ping/"),
        ("grouping", "/time-?out/i"),
    ]
    assert inside("patterns", "remove", "grouping", "/time-?out/i").code == 0
    assert inside("patterns", "list", "grouping") == (0, "", "")
    assert store.history()[0].by == "command line"


def test_json_is_a_pattern_a_line(inside: Run, store: RedisStore) -> None:
    store.add_pattern("suppression", "/Ping/", by="eva")
    (line,) = inside("patterns", "list", "suppression", "--json").out.splitlines()
    shown = json.loads(line)
    assert shown.pop("created_ms") > 0
    assert shown == {"kind": "suppression", "pattern": "/Ping/", "count": 0, "source": "ui", "by": "eva"}


def test_a_suppressed_report_was_not_written(inside: Run, store: RedisStore) -> None:
    inside("patterns", "add", "suppression", "/^Ping/")
    done = inside("report", "Ping 1")
    assert (done.code, store.count(), "suppression pattern" in done.err) == (1, 0, True)
    assert "1×" in inside("patterns", "list").out
    assert inside("patterns", "reset", "/^Ping/").code == 0
    assert "0×" in inside("patterns", "list").out


def test_retroactive_deletes_what_is_there(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in range(3)])
    done = inside("patterns", "add", "suppression", "/Order [01]/", "--retroactive")
    assert (done.code, done.out.splitlines()[-1], store.count()) == (0, "Deleted 2 entries.", 1)
    assert inside("patterns", "add", "grouping", "/Order/", "--retroactive").code == 2


def test_a_pattern_is_changed(inside: Run, store: RedisStore) -> None:
    store.add_pattern("grouping", "/Order/")
    assert inside("patterns", "change", "grouping", "/Order/", "/order/i").code == 0
    assert [each.pattern for each in store.patterns("grouping")] == ["/order/i"]


def test_a_group_is_a_row_with_a_key_of_its_own(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.add_pattern("grouping", "/Order/")
    store.report([report(settings, number, count=2) for number in range(3)])
    (line,) = inside("search").out.splitlines()
    assert "(3 entries of /Order/)" in line
    key = next(word for word in line.split() if word.startswith("g-"))
    assert "3 entries that match /Order/" in inside("show", key).out
    assert inside("solve", key).code == 0
    assert store.count() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["add", "suppression", "/(/"],
        ["add", "suppression", "x"],
        ["add", "other", "/abc/"],
        ["add", "suppression", "/there/"],
        ["change", "suppression", "/missing/", "/abc/"],
        ["remove", "suppression", "/missing/"],
        ["reset", "/missing/"],
    ],
)
def test_a_mistake_is_explained(inside: Run, store: RedisStore, arguments: list[str]) -> None:
    store.add_pattern("suppression", "/there/")
    done = inside("patterns", *arguments)
    assert (done.code, done.out) == (1 if "/missing/" in arguments else 2, "")
    assert "Error: " in done.err
    assert [each.pattern for each in store.patterns("suppression")] == ["/there/"]
