"""Pages of what a query matches: Redis narrows down, the query decides, nothing is lost."""

import pytest

from logster.entry import ExceptionInfo, Frame
from logster.search import parse
from logster.settings import Settings
from logster.store.redis_store import RedisStore
from tests.store.reports import EXCEPTION, NOW, TRACEBACK, key_of, numbers, report


@pytest.fixture
def filled(store: RedisStore, settings: Settings) -> RedisStore:
    """The store with 60 entries; each third has a traceback, each fifth an env with a customer."""
    for number in range(60):
        traced = {"exception": EXCEPTION, "traceback": TRACEBACK} if number % 3 == 0 else {}
        envs = (
            [{"hostname": "web1"}, {"hostname": "web1", "user": {"name": f'Ann "{number}" Lee'}}]
            if number % 5 == 0
            else []
        )
        level = 30 if number % 2 else 40
        store.report(
            [report(settings, number, last_ms=NOW + number, level=level, envs=envs, count=number + 1, **traced)]
        )
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("order", range(60)),
        ("ORDER FAILED", range(60)),
        ("nowhere", []),
        ("nosuch", []),
        ('"no such thing"', range(0, 60, 3)),
        ("-valueerror", [number for number in range(60) if number % 3]),
        ("lee", range(0, 60, 5)),
        ('"order 7 failed"', [7]),
        ("/order 1[0-4] /i", range(10, 15)),
        (r"/n{1}\s\S+ lee/i", range(0, 60, 5)),
        ("type:ValueError lee", range(0, 60, 15)),
        ("level:warning", range(1, 60, 2)),
        ("logger:app.orders count:>55", range(55, 60)),
        ("env.user.name:*ann*", range(0, 60, 5)),
        ("host:web1", range(0, 60, 5)),
    ],
)
def test_exactly_the_matches_are_found_newest_first(filled: RedisStore, query: str, expected: list[int]) -> None:
    wanted = sorted(expected, reverse=True)
    page = filled.page(query=parse(query), limit=100)
    assert numbers(page.entries) == wanted
    assert (page.next, page.previous, page.total) == (None, None, len(wanted))


@pytest.mark.parametrize("limit", [1, 4, 5, 20])
def test_paging_through_matches_neither_loses_nor_repeats(filled: RedisStore, limit: int) -> None:
    query, wanted = parse("valueerror"), list(range(57, -1, -3))
    page = filled.page(query=query, limit=limit)
    found = numbers(page.entries)
    while page.next:
        page = filled.page(query=query, limit=limit, before=page.next)
        assert page.previous
        found += numbers(page.entries)
    assert found == wanted
    if limit < 20:
        back = filled.page(query=query, limit=limit, after=page.previous)
        assert numbers(back.entries) == wanted[-len(page.entries) - limit : -len(page.entries)]


def test_more_candidates_than_one_look_takes_are_all_looked_at(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number, last_ms=NOW + number) for number in range(1_000)])
    assert numbers(store.page(query=parse('"order 3 failed"')).entries) == [3]
    assert numbers(store.page(query=parse("/order 9?3 failed/i")).entries) == [93, 3]


def test_levels_and_times_narrow_a_query(filled: RedisStore) -> None:
    page = filled.page(query=parse("valueerror"), levels=[30], since_ms=NOW + 10, until_ms=NOW + 40)
    assert numbers(page.entries) == [39, 33, 27, 21, 15]
    assert filled.page(query=parse("level:error"), levels=[30]).entries == []


def test_flags_choose_rows(filled: RedisStore) -> None:
    filled.protect(key_of(3))
    filled.solve([key_of(6), key_of(9)])
    assert numbers(filled.page(query=parse("is:protected")).entries) == [3]
    assert numbers(filled.page(query=parse("is:solved")).entries) == [9, 6]
    assert numbers(filled.page(query=parse("-is:protected valueerror"), limit=3).entries) == [57, 54, 51]
    assert 6 not in numbers(filled.page(query=parse("valueerror"), limit=100).entries)


def test_the_latest_message_is_found_and_the_first_stays_with_it(store: RedisStore, settings: Settings) -> None:
    for message in ("apples are out", "PEARS are out"):
        store.report([report(settings, message=message)])
    [entry] = store.page(query=parse("pears")).entries
    assert entry.first_message == "apples are out"


def test_rows_found_carry_no_more_than_listed_rows(filled: RedisStore) -> None:
    [row] = filled.page(query=parse('"order 45 failed" lee')).entries
    assert (row.exception, row.traceback, row.env_count) == (None, "", 2)


def test_a_phrase_is_not_found_across_what_does_not_stand_together(store: RedisStore, settings: Settings) -> None:
    frame = Frame("/app/orders.py", "total", 7, source="return price * count")
    printed = f'  File "{frame.file}", line {frame.line}, in {frame.function}\n    {frame.source}'
    for number in range(3):  # some of what many have is kept apart
        raised = ExceptionInfo("ValueError", "no such thing", (frame,))
        traceback = f"Traceback (most recent call last):\n{printed}\nValueError: no such thing"
        store.report([report(settings, number, exception=raised, traceback=traceback)])
    assert len(store.page(query=parse('"price * count"')).entries) == 3
    assert len(store.page(query=parse('"in total\n    return"')).entries) == 3
    assert len(store.page(query=parse('"count\nvalueerror"')).entries) == 3
    assert store.page(query=parse('"failed\n  file"')).entries == []
    assert store.page(query=parse('"order 0 failed\nvalueerror"')).entries == []
