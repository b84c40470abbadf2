"""Search texts: there is one for each entry, it says what the entry says now, and rare words are found through them."""

from collections.abc import Iterator

import pytest

from logster.entry import ExceptionInfo, Frame
from logster.search import parse
from logster.settings import Settings
from logster.store import address, candidates
from logster.store.address import Client
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.reports import NOW, key_of, numbers, report

COUNT = 1_000
STACK = tuple(Frame(f"part{n}.py", f"step{n}", n, "part", f"go_{n}()") for n in range(4))
RARE = ExceptionInfo("RareError", "seldom", STACK)
TRACEBACK = "Traceback (most recent call last):\n" + "\n".join(
    [f'  File "part{n}.py", line {n}, in step{n}\n    go_{n}()' for n in range(4)] + ["RareError: seldom"]
)


@pytest.fixture
def large(store: RedisStore, settings: Settings) -> RedisStore:
    """The store with more entries than one look takes; few of them say anything special, all over the list."""
    store.report([report(settings, number, last_ms=NOW + number, **special(number)) for number in range(COUNT)])
    return store


def special(number: int) -> dict[str, object]:
    if number % 250 == 7:
        return {"level": 30, "envs": [{"customer": 'Ann "A\\B" Lee', "tags": ["Blue", {"kind": "Round"}]}]}
    if number % 250 == 9:
        return {"exception": RARE, "traceback": TRACEBACK}
    if number % 250 == 11:
        return {"version": "Build-77", "envs": [{"hostname": "web1"}, {"hostname": "WEB2"}]}
    return {}


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    client = address.open_client(settings.redis_url, 2)
    yield client
    address.close_client(client)


def texts(client: Client, settings: Settings) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = client.hgetall(Keys(settings.current_namespace()).texts)
    return found


SEVEN, NINE, ELEVEN = ([start + 250 * n for n in (3, 2, 1, 0)] for start in (7, 9, 11))
QUERIES = {
    "rareerror": NINE,
    "RareError seldom": NINE,
    '"part2.py"': NINE,
    "go_3": NINE,
    "type:RareError": NINE,
    "ann lee": SEVEN,
    r"/Ann \S+ Lee/": SEVEN,
    r'/ann "a\\b" lee/i': SEVEN,
    r"/^blue$/i": SEVEN,
    r"/(?i)^r[o]u[n]d$/": SEVEN,
    "env.tags.kind:round": SEVEN,
    "env.customer:*": SEVEN,
    "host:web2": ELEVEN,
    "web2": ELEVEN,
    r"/WEB\d/": ELEVEN,
    "version:build-77": ELEVEN,
    "level:warning ann": SEVEN,
    "level:error ann": [],
    "ann -lee": [],
    "seldom count:>1": [],
    r"/zz\d{9}/": [],
    "nowhere": [],
}


def test_what_hardly_any_entry_says_is_found_in_order(large: RedisStore) -> None:
    pages = {query: large.page(query=parse(query), limit=50) for query in QUERIES}
    assert {query: numbers(page.entries) for query, page in pages.items()} == QUERIES
    assert {query: page.total for query, page in pages.items()} == {query: len(QUERIES[query]) for query in QUERIES}


def test_texts_that_were_evicted_are_made_up_for_by_the_entries(
    large: RedisStore, client: Client, settings: Settings
) -> None:
    client.delete(Keys(settings.current_namespace()).texts)
    assert {query: numbers(large.page(query=parse(query), limit=50).entries) for query in QUERIES} == QUERIES


@pytest.mark.parametrize("limit", [1, 3])
def test_paging_through_rare_matches_goes_both_ways(large: RedisStore, limit: int) -> None:
    query = parse("rareerror")
    page = large.page(query=query, limit=limit)
    found = numbers(page.entries)
    while page.next:
        page = large.page(query=query, limit=limit, before=page.next)
        found += numbers(page.entries)
        assert page.previous
    assert found == NINE
    back = large.page(query=query, limit=2, after=page.previous)
    assert numbers(back.entries) == NINE[-len(page.entries) - 2 : -len(page.entries)]


def test_times_and_levels_narrow_what_is_sifted(large: RedisStore) -> None:
    assert numbers(large.page(query=parse("rareerror"), since_ms=NOW + 20, until_ms=NOW + 600).entries) == [509, 259]
    assert numbers(large.page(query=parse("rareerror"), until_ms=NOW + 509).entries) == [509, 259, 9]
    assert large.page(query=parse("rareerror"), levels=[30]).entries == []


def test_solved_and_grouped_entries_stand_where_they_belong(large: RedisStore) -> None:
    large.solve([key_of(9)])
    assert numbers(large.page(query=parse("rareerror")).entries) == NINE[:-1]
    assert numbers(large.page(query=parse("rareerror is:solved")).entries) == [9]


def test_too_many_to_be_put_in_order_are_walked(large: RedisStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_MOST_SIFTED", 2)
    assert numbers(large.page(query=parse("rareerror"), limit=50).entries) == NINE
    assert numbers(large.page(query=parse(r"/go_[3-4]/"), limit=50).entries) == NINE


def test_a_text_follows_what_its_entry_says(store: RedisStore, client: Client, settings: Settings) -> None:
    first, second = {"host": "web1"}, {"host": "web2"}
    store.report([report(settings, envs=[first], version="v1", message="Order 1 is FINE")])
    store.report([report(settings, envs=[first], message="Order 2 failed", last_ms=NOW + 1, version="V2")])
    [text] = texts(client, settings).values()
    for part in (b"order 1 is fine", b"order 2 failed", b"v1", b"v2", b"web1"):
        assert text.count(part) == 1
    assert text.startswith(b" ")
    store.report([report(settings, envs=[second], message="Order 3 failed", last_ms=NOW + 2)])
    [text] = texts(client, settings).values()
    assert text.startswith(b"*")
    assert b"order 3 failed" in text
    assert b"order 2 failed" not in text


@pytest.mark.parametrize("odd", ["\n\x00\n", "a\n\x00\nb", "\x00", "\ud800", "É\n\x00\n"])
def test_what_stands_between_parts_may_stand_in_them(
    store: RedisStore, client: Client, settings: Settings, odd: str
) -> None:
    store.report([report(settings, message=f"first {odd} one", envs=[{"odd": f"{odd} said"}])])
    store.report([report(settings, message=f"second {odd} one", last_ms=NOW + 1)])
    store.report([report(settings, message=f"third {odd} one", last_ms=NOW + 2, version="v3")])
    for words in ("first", "third", "said", "version:v3"):
        assert numbers(store.page(query=parse(words)).entries) == ([1] if words != "first" else [])
    [text] = texts(client, settings).values()
    assert [text.count(word) for word in (b"first", b"second", b"third", b"said", b"v3")] == [1, 0, 1, 1, 1]


def test_there_is_a_text_for_each_entry_and_no_other(store: RedisStore, client: Client, settings: Settings) -> None:
    def held() -> set[int]:
        return {int(key, 16) for key in texts(client, settings)}

    store.report([report(settings, number, last_ms=NOW + number) for number in range(6)])
    assert held() == set(range(6))
    store.delete([key_of(0)])
    _, token = store.discard([key_of(1), key_of(2)])
    assert held() == {3, 4, 5}
    assert sorted(store.restore(token)) == [key_of(1), key_of(2)]
    assert held() == {1, 2, 3, 4, 5}
    store.protect(key_of(5))
    RedisStore(settings.with_changes(max_backlog=2)).report([report(settings, 7, last_ms=NOW + 9)])
    assert held() == {4, 5, 7}
    store.clear()
    assert held() == {5}
    store.delete([key_of(5)])
    assert texts(client, settings) == {}


def test_a_later_report_makes_up_for_a_text_that_was_evicted(
    store: RedisStore, client: Client, settings: Settings
) -> None:
    store.report([report(settings, message="Order 1 failed", envs=[{"host": "web1"}])])
    client.delete(Keys(settings.current_namespace()).texts)
    store.report([report(settings, message="Order 2 failed", last_ms=NOW + 1, envs=[{"host": "web1"}])])
    [text] = texts(client, settings).values()
    assert all(part in text for part in (b"order 1 failed", b"order 2 failed", b"web1"))
