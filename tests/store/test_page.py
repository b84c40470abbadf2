"""The list: order, levels, times, and paging both ways."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from logster.entry import Entry
from logster.errors import InvalidCursor
from logster.settings import Settings
from logster.store import listing
from logster.store.address import Client
from logster.store.cursor import Cursor
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.reports import NOW, key_of, numbers, report

LEVELS = (10, 20, 30, 40, 50)


def pages_older(store: RedisStore, limit: int, **filters: object) -> Iterator[list[Entry]]:
    page = store.page(limit=limit, **filters)
    yield page.entries
    while page.next:
        page = store.page(limit=limit, before=page.next, **filters)
        yield page.entries


def fill(store: RedisStore, settings: Settings, count: int = 25, same_time: bool = False) -> list[int]:
    """Report `count` entries of all levels in any order, and return their numbers as the list has to show them."""
    made = [(NOW if same_time else NOW + number // 3, number) for number in range(count)]
    mixed = random.Random(1).sample(made, count)
    store.report([report(settings, number, last_ms=time, level=LEVELS[number % 5]) for time, number in mixed])
    return [number for _, number in sorted(made, reverse=True)]


def test_rows_are_newest_first(store: RedisStore, settings: Settings) -> None:
    expected = fill(store, settings)
    assert numbers(store.page().entries) == expected


@pytest.mark.parametrize("same_time", [False, True])
@pytest.mark.parametrize("limit", [1, 4, 5, 25])
def test_paging_neither_loses_nor_repeats_rows(
    store: RedisStore, settings: Settings, limit: int, same_time: bool
) -> None:
    expected = fill(store, settings, same_time=same_time)
    pages = list(pages_older(store, limit))
    assert [number for page in pages for number in numbers(page)] == expected
    assert all(len(page) == limit for page in pages[:-1])


@pytest.mark.parametrize("same_time", [False, True])
def test_paging_back_gives_the_same_pages(store: RedisStore, settings: Settings, same_time: bool) -> None:
    expected = fill(store, settings, same_time=same_time)
    page = store.page(limit=10)
    assert page.previous is None
    while page.next:
        page = store.page(limit=10, before=page.next)
    assert numbers(page.entries) == expected[20:]
    page = store.page(limit=10, after=page.previous)
    assert numbers(page.entries) == expected[10:20]
    page = store.page(limit=10, after=page.previous)
    assert numbers(page.entries) == expected[:10]
    assert page.previous is None


def test_a_long_page_is_the_same_as_several(store: RedisStore, settings: Settings) -> None:
    expected = fill(store, settings, count=230)
    page = store.page(limit=220)
    assert numbers(page.entries) == expected[:220]
    assert (page.total, page.previous) == (230, None)
    rest = store.page(limit=500, before=page.next)
    assert numbers(rest.entries) == expected[220:]
    assert rest.next is None
    back = store.page(limit=220, after=rest.previous)
    assert (numbers(back.entries), back.previous) == (expected[:220], None)
    assert back.next == page.next


def test_a_row_that_moves_up_meanwhile_stands_once_in_a_long_page(
    store: RedisStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = fill(store, settings, count=230)
    oldest = store.page(limit=229).next
    moved = expected[-2]
    part = listing._part

    def part_and_report(*arguments: Any) -> Any:
        found = part(*arguments)
        store.report([report(settings, moved, last_ms=NOW + 1_000)])
        return found

    monkeypatch.setattr(listing, "_part", part_and_report)
    assert oldest
    last = store.page(limit=500, before=oldest).entries[-1]
    page = store.page(limit=500, after=str(Cursor(last.last_seen, last.key)))
    assert numbers(page.entries) == [moved, *(number for number in expected[:-1] if number != moved)]


def test_a_last_page_that_is_full_has_no_next(store: RedisStore, settings: Settings) -> None:
    fill(store, settings, 10)
    assert store.page(limit=10).next is None
    assert store.page(limit=9).next is not None


def test_a_cursor_outlives_its_row(store: RedisStore, settings: Settings) -> None:
    expected = fill(store, settings, same_time=True)
    page = store.page(limit=10)
    store.delete([page.entries[-1].key])
    following = store.page(limit=10, before=page.next)
    assert numbers(following.entries) == expected[10:20]
    back = store.page(limit=50, after=following.previous)
    assert numbers(back.entries) == expected[:9]


def test_a_cursor_holds_its_place_when_its_row_moves_up(store: RedisStore, settings: Settings) -> None:
    expected = fill(store, settings)
    page = store.page(limit=10)
    store.report([report(settings, expected[9], last_ms=NOW + 99)])
    assert numbers(store.page(limit=10, before=page.next).entries) == expected[10:20]


@pytest.mark.parametrize("levels", [[40], [10, 50], [20, 30, 40], [], [45]])
def test_levels_choose_rows(store: RedisStore, settings: Settings, levels: list[int]) -> None:
    expected = [
        number for number in fill(store, settings) if LEVELS[number % 5] in [level // 10 * 10 for level in levels]
    ]
    assert [number for page in pages_older(store, 2, levels=levels) for number in numbers(page)] == expected
    assert store.page(levels=levels).total == len(expected)
    assert store.count(levels) == len(expected)


def test_times_choose_rows_both_ends_included(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number, last_ms=NOW + number) for number in range(10)])
    between = {"since_ms": NOW + 3, "until_ms": NOW + 6}
    page = store.page(**between)
    assert numbers(page.entries) == [6, 5, 4, 3]
    assert (page.total, page.next, page.previous) == (4, None, None)
    assert [numbers(rows) for rows in pages_older(store, 3, **between)] == [[6, 5, 4], [3]]
    assert numbers(store.page(since_ms=NOW + 8).entries) == [9, 8]
    assert numbers(store.page(until_ms=NOW + 1).entries) == [1, 0]
    assert store.page(since_ms=NOW + 6, until_ms=NOW + 3).total == 0


def test_a_cursor_outside_of_the_times_finds_what_lies_within(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number, last_ms=NOW + number) for number in range(10)])
    newest = store.page(limit=1).next
    oldest = store.page(limit=9).next
    between = {"since_ms": NOW + 3, "until_ms": NOW + 6}
    assert numbers(store.page(before=newest, **between).entries) == [6, 5, 4, 3]
    assert numbers(store.page(before=oldest, **between).entries) == []
    assert numbers(store.page(after=oldest, **between).entries) == [6, 5, 4, 3]


def test_total_counts_all_pages(store: RedisStore, settings: Settings) -> None:
    fill(store, settings)
    page = store.page(limit=5)
    assert page.total == 25
    assert store.page(limit=5, before=page.next).total == 25


@pytest.mark.parametrize("cursor", ["x", "!", "MTIz", "é", "LTEtMDA", "a" * 1_000])
def test_a_foreign_cursor_is_refused(store: RedisStore, cursor: str) -> None:
    with pytest.raises(InvalidCursor, match="start from its top"):
        store.page(before=cursor)
    with pytest.raises(InvalidCursor):
        store.page(after=cursor)


def test_two_directions_at_once_make_no_sense(store: RedisStore, settings: Settings) -> None:
    fill(store, settings)
    cursor = store.page(limit=1).next
    with pytest.raises(ValueError, match="before or after"):
        store.page(before=cursor, after=cursor)


def test_a_page_without_rows_makes_no_sense(store: RedisStore) -> None:
    with pytest.raises(ValueError, match="at least one row"):
        store.page(limit=0)


def test_an_empty_list_is_an_empty_page(store: RedisStore) -> None:
    page = store.page()
    assert (page.entries, page.next, page.previous, page.total) == ([], None, None, 0)


def test_what_eviction_tore_apart_is_healed(store: RedisStore, settings: Settings, client: Client) -> None:
    fill(store, settings, 5)
    keys = Keys(settings.current_namespace())
    client.delete(keys.entry(key_of(2)))
    assert numbers(store.page(limit=3).entries) == [4, 3, 1]
    assert store.count() == 4
    client.delete(keys.entry(key_of(1)))
    store.report([report(settings, 1, level=50)])
    assert [store.count([level]) for level in LEVELS] == [1, 0, 0, 1, 2]


def test_pages_share_the_entries_that_did_not_change(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, 1), report(settings, 2)])
    changed, kept = store.page().entries
    store.protect(changed.key)
    now_changed, now_kept = store.page().entries
    assert now_kept is kept
    assert (changed.flags, now_changed.flags) == ([], ["protected"])
    with pytest.raises(AttributeError):
        kept.count = 5  # type: ignore[misc]


def test_pages_keep_no_more_entries_than_they_may(store: RedisStore, settings: Settings) -> None:
    for number in range(60):
        store.report([report(settings, number, last_ms=NOW + number, message="x" * 100_000)])
        store.page(limit=1)
    assert sum(len(entry.message) for _, entry in listing._decoded._known.values()) <= 2_200_000
