"""The commands that change entries: done when they say so, and an exit code for what was not there."""

import json
from collections.abc import Callable

import pytest

from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.cli.conftest import Ended
from tests.store.reports import key_of, report, there

Run = Callable[..., Ended]


@pytest.mark.parametrize(
    ("command", "flags"), [("protect", ["protected"]), ("solve", ["solved"]), ("unsolve", []), ("unprotect", [])]
)
def test_entries_are_changed(
    inside: Run, store: RedisStore, settings: Settings, command: str, flags: list[str]
) -> None:
    store.report([report(settings, number) for number in (1, 2, 3)])
    if command == "unsolve":
        store.solve([key_of(1), key_of(2)])
    done = inside(command, key_of(1), key_of(2))
    assert (done.code, done.err) == (0, "")
    assert done.out.count(key_of(1)) == done.out.count(key_of(2)) == 1
    assert [there(store, number).flags for number in (1, 2, 3)] == [flags, flags, []]


def test_unprotect_takes_protection_away(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    store.protect(key_of(1))
    assert inside("unprotect", key_of(1)).code == 0
    assert there(store).flags == []


def test_delete_deletes(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in (1, 2)])
    assert inside("delete", key_of(1)).code == 0
    assert [entry.key for entry in store.page().entries] == [key_of(2)]


@pytest.mark.parametrize("command", ["protect", "unprotect", "solve", "unsolve", "delete"])
def test_what_is_missing_is_told_and_the_others_are_changed(
    inside: Run, store: RedisStore, settings: Settings, command: str
) -> None:
    store.report([report(settings, 1)])
    if command == "unsolve":
        store.solve([key_of(1)])
    done = inside(command, key_of(9), key_of(1), "--json")
    assert done.code == 1
    assert key_of(9) in done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [(line.pop("key"), *line.values()) for line in lines] == [(key_of(9), False), (key_of(1), True)]


def test_a_key_is_needed(inside: Run) -> None:
    assert inside("solve").code == 2


def test_clear_needs_yes_where_nobody_can_be_asked(run: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    done = run("clear")
    assert (done.code, done.out, store.count()) == (2, "", 1)
    assert "--yes" in done.err


def test_clear_says_how_many_went_and_stayed(inside: Run, store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in range(4)])
    store.protect(key_of(0))
    assert inside("clear", "--yes") == (0, "Removed 3 entries; 1 entry protected and kept.\n", "")
    assert json.loads(inside("clear", "--yes", "--json").out) == {"removed": 0, "kept": 1}


@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 0), ("n\n", 130, 2), ("\n", 130, 2), ("\x03", 130, 2)])
def test_clear_asks_on_a_terminal(
    on_terminal: Run, store: RedisStore, settings: Settings, typed: str, code: int, left: int
) -> None:
    store.report([report(settings, number) for number in range(2)])
    done = on_terminal("clear", typed=typed)
    assert f"Remove 2 entries of namespace '{settings.namespace}'?" in done.out
    assert (done.code, store.count()) == (code, left)
    assert "Traceback" not in done.out
