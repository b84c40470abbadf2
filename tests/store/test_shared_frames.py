"""Frames that entries share: kept once, as long as an entry needs them, and never to be noticed from outside."""

import random
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from logster.capture import traceback
from logster.entry import ExceptionInfo, Frame, Report
from logster.errors import InvalidArchive
from logster.search import parse
from logster.settings import Settings
from logster.store import pool
from logster.store.address import Client
from logster.store.frames import MOST, ids_in, parsed, stack_of
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.keyspace import listed_in
from tests.store.reports import NOW, key_of, numbers, report, there

FRAMES = tuple(
    Frame(
        f"/srv/shop/module_{number}.py",
        f"Shop.work_{number}",
        number,
        f"shop.module_{number}",
        "" if number == 5 else f"    return self.pay_{number}(Order, 'Größe')",
        before=(f"def work_{number}(self):", "    # first"),
        after=("",),
        in_app=number % 2 == 0,
        column=number,
    )
    for number in range(12)
)
OTHERS = tuple(msgspec.structs.replace(frame, line=frame.line + 100, source="    other()") for frame in FRAMES)


def traced(settings: Settings, number: int, exception: ExceptionInfo, **fields: Any) -> Report:
    return report(settings, number, exception=exception, traceback=traceback.text(exception), **fields)


def failed(number: int, frames: Sequence[Frame] = FRAMES) -> ExceptionInfo:
    return ExceptionInfo("ValueError", f"No stock of {number}", tuple(frames))


def familiar(store: RedisStore, settings: Settings) -> RedisStore:
    """Return the store once it has met the frames: it shares them from then on."""
    for frames in (FRAMES, OTHERS):
        store.report([traced(settings, 999, failed(999, frames))])
        store.delete([key_of(999)])
    return store


def shared(client: Client, settings: Settings) -> dict[bytes, int]:
    """Return how many entries have each shared stack and how many stacks each frame, as the store has counted.

    What it keeps has to fit together.
    """
    kept = client.hgetall(Keys(settings.current_namespace()).frames)
    bodies, stacks = parsed(kept)
    assert {name for name in kept if len(name) == 8} == {*bodies, *stacks}
    assert {each for joined in stacks.values() for each in ids_in(joined)} == set(bodies)
    return {each: int(kept[each]) for each in {*bodies, *stacks}}


def used(client: Client, settings: Settings) -> dict[bytes, int]:
    """Return the same, counted anew."""
    namespace = settings.current_namespace()
    _, stacks = parsed(client.hgetall(Keys(namespace).frames))
    fields = [client.hget(Keys(namespace).entry(key), "stack") for key in listed_in(client, namespace)]
    found = Counter(stack_of(field) for field in fields if field)
    for each in list(found):
        found.update(set(ids_in(stacks[each])))
    return dict(found)


def test_what_is_met_again_is_kept_once_and_comes_back_exactly(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    familiar(store, settings)
    for number in range(5):
        store.report([traced(settings, number, failed(number))])
    assert shared(client, settings) == used(client, settings)
    assert sorted(shared(client, settings).values()) == [*[1] * len(FRAMES), 5]
    for number in range(5):
        found = there(store, number)
        assert (found.exception, found.traceback) == (failed(number), traceback.text(failed(number)))
        assert there(RedisStore(settings), number) == found


def test_what_is_met_once_stays_with_its_entry(store: RedisStore, settings: Settings, client: Client) -> None:
    store.report([traced(settings, 1, failed(1))])
    assert shared(client, settings) == {}
    assert there(store).exception == failed(1)
    store.report([traced(settings, 2, failed(2, [*FRAMES, *OTHERS[:3]]))])
    assert len(shared(client, settings)) == len(FRAMES) + 3 + 1


@pytest.mark.parametrize("relation", ["cause", "context"])
def test_causes_groups_notes_and_recursions_come_back_exactly(
    store: RedisStore, settings: Settings, client: Client, relation: Any
) -> None:
    familiar(store, settings)
    bare = ExceptionInfo("KeyError", "'x'")
    cause = ExceptionInfo("OSError", "away", OTHERS, notes=("look\nthere",), cause=bare, relation="context")
    member = ExceptionInfo("EOFError", "", FRAMES[:2])
    whole = ExceptionInfo("ExceptionGroup", "two", (*FRAMES, FRAMES[0]), ("note",), cause, relation, (member, member))
    store.report([traced(settings, 1, whole)])
    assert len(shared(client, settings)) == len(FRAMES) + len(OTHERS) + 1
    assert (there(store).exception, there(store).traceback) == (whole, traceback.text(whole))


@pytest.mark.parametrize(
    "frame",
    [
        Frame("a.py", "f", 1, locals={"x": "1"}),
        Frame("a.py", "f", 1, source="\ud800"),
        Frame("a.py", "f", 1, source="x" * 5_000),
    ],
)
def test_a_frame_of_its_own_kind_stays_with_its_entry(
    store: RedisStore, settings: Settings, client: Client, frame: Frame
) -> None:
    familiar(store, settings)
    for number in (1, 2):
        store.report([traced(settings, number, failed(number, [*FRAMES, frame]))])
        found = there(store, number).exception
        assert found
        assert found.frames[:-1] == FRAMES
        assert found.frames[-1].locals == frame.locals
    assert shared(client, settings) == {}


def test_a_traceback_that_is_not_as_usual_comes_back_exactly(store: RedisStore, settings: Settings) -> None:
    familiar(store, settings)
    whole = traceback.text(failed(1))
    for number, text in enumerate(
        (
            whole[:300],
            whole.replace("\n", "\r\n"),
            f"{whole} and more",
            f"before\n{whole}\nafter",
            "before " + whole.partition("\n")[2],
            "",
        )
    ):
        store.report([report(settings, number, exception=failed(1), traceback=text)])
        assert (there(store, number).exception, there(store, number).traceback) == (failed(1), text)


def test_frames_go_with_the_last_entry_that_needs_them(store: RedisStore, settings: Settings, client: Client) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1)), traced(settings, 2, failed(2, [*FRAMES[:6], *OTHERS[:6]]))])
    store.delete([key_of(1)])
    assert shared(client, settings) == used(client, settings)
    assert len(shared(client, settings)) == 12 + 1
    assert there(store, 2).exception == failed(2, [*FRAMES[:6], *OTHERS[:6]])
    store.clear()
    assert shared(client, settings) == {}


def test_whoever_takes_a_frame_for_stored_that_is_gone_sends_it_again(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1))])
    RedisStore(settings).clear()
    batch = [traced(settings, number, failed(number), sender="a", sequence=number) for number in range(1, 6)]
    assert [result.outcome for result in store.report(batch)] == ["created"] * 5
    assert [result.outcome for result in store.report(batch)] == ["repeated"] * 5
    assert there(store, 5).exception == failed(5)
    assert shared(client, settings) == used(client, settings)


def test_what_comes_back_solved_takes_its_new_frames(store: RedisStore, settings: Settings, client: Client) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1), version="1")])
    store.solve([key_of(1)])
    store.report([traced(settings, 1, failed(1, OTHERS), version="2")])
    assert there(store).exception == failed(1, OTHERS)
    assert shared(client, settings) == used(client, settings)
    assert len(shared(client, settings)) == len(OTHERS) + 1
    store.solve([key_of(1)])
    single = ExceptionInfo("ValueError", "new", (Frame("new.py", "f", 1, source="x"),))
    store.report([traced(settings, 1, single, version="3")])
    assert there(store).exception == single
    assert shared(client, settings) == {}


def test_an_undone_deletion_brings_frames_back(store: RedisStore, settings: Settings) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1))])
    before = there(store)
    _, token = store.discard([key_of(1)])
    assert store.restore(token) == [key_of(1)]
    assert there(store) == before
    assert numbers(store.page(query=parse("pay_7")).entries) == [1]


@pytest.mark.parametrize("mode", ["add", "merge", "replace"])
def test_an_archive_holds_frames_whole(store: RedisStore, settings: Settings, mode: Any) -> None:
    familiar(store, settings)
    for number in range(3):
        store.report([traced(settings, number, failed(number))])
    lines = list(store.export())
    assert sum(b"pay_7" in line for line in lines) == 3
    assert store.import_archive(lambda: lines, mode).unchanged == 3
    before = [there(store, number) for number in range(3)]
    store.clear()
    assert store.import_archive(lambda: lines, mode).created == 3
    assert [there(store, number) for number in range(3)] == before
    assert sorted(numbers(store.page(query=parse("pay_7 valueerror")).entries)) == [0, 1, 2]
    assert list(store.export())[1:-1] == lines[1:-1]


@pytest.mark.parametrize("is_newer", [True, False])
def test_merging_an_archive_leaves_the_frames_of_the_newer(
    store: RedisStore, settings: Settings, client: Client, is_newer: bool
) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1), last_ms=NOW)])
    lines = list(store.export())
    store.clear()
    store.report([traced(settings, 1, failed(1, OTHERS), last_ms=NOW - 5 if is_newer else NOW + 5)])
    assert store.import_archive(lambda: lines, "merge").merged == 1
    assert there(store).exception == (failed(1) if is_newer else failed(1, OTHERS))
    assert shared(client, settings) == used(client, settings)


def test_without_its_frames_an_entry_still_opens_and_is_listed(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1))])
    client.delete(Keys(settings.current_namespace()).frames)
    other = RedisStore(settings)
    found = there(other)
    assert found.exception
    assert (found.exception.message, len(found.exception.frames)) == ("No stock of 1", len(FRAMES))
    assert numbers(other.page().entries) == numbers(other.page(query=parse('"order 1"')).entries) == [1]
    assert list(other.export())
    store.report([traced(settings, 2, failed(2))])
    assert there(RedisStore(settings), 2).exception == failed(2)
    assert sorted(numbers(store.page(query=parse("pay_7")).entries)) == [1, 2]
    assert store.clear() == 2


def test_a_use_that_a_lost_hash_counted_is_not_taken_from_the_next(
    store: RedisStore, settings: Settings, client: Client
) -> None:
    familiar(store, settings)
    store.report([traced(settings, number, failed(number)) for number in (1, 2)])
    client.delete(Keys(settings.current_namespace()).frames)
    store.report([traced(settings, 3, failed(3))])
    assert set(shared(client, settings).values()) == {1}
    # These come from the hash that now is, whoever counted them once.
    assert there(RedisStore(settings), 1).exception == failed(1)
    store.delete([key_of(1), key_of(2)])
    assert there(RedisStore(settings), 3).exception == failed(3)
    store.delete([key_of(3)])
    assert shared(client, settings) == {}


def test_a_search_goes_on_after_the_hash_was_lost(store: RedisStore, settings: Settings, client: Client) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1, [*FRAMES, *OTHERS]))])
    assert numbers(store.page(query=parse("pay_7")).entries) == [1]
    client.delete(Keys(settings.current_namespace()).frames)
    store.report([traced(settings, 2, failed(2, OTHERS))])
    for each in (store, RedisStore(settings)):
        assert numbers(each.page(query=parse('"other()"')).entries) == [2]
        assert numbers(each.page(query=parse("pay_7")).entries) == []


def test_an_evicted_entry_costs_nobody_a_frame(store: RedisStore, settings: Settings, client: Client) -> None:
    familiar(store, settings)
    store.report([traced(settings, number, failed(number)) for number in (1, 2)])
    client.delete(Keys(settings.current_namespace()).entry(key_of(1)))
    store.report([traced(settings, 1, failed(1))])
    store.delete([key_of(1)])
    assert there(RedisStore(settings), 2).exception == failed(2)
    # Who used them is unknown for good; with the last entry they are gone all the same.
    store.clear()
    assert shared(client, settings) == {}


def test_what_a_search_knows_is_bounded(store: RedisStore, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1)), report(settings, 2)])
    monkeypatch.setattr(pool, "_MOST_SEARCHED", len(FRAMES))
    for query, expected in (("pay_7", [1]), ("pay_77", []), (r"/PAY_\d\(/i", [1]), (r"/pay_\d{2,}x/", [])):
        assert numbers(store.page(query=parse(query)).entries) == expected
    monkeypatch.setattr(pool, "_MOST_SEARCHED", len(FRAMES) + 1)
    assert numbers(store.page(query=parse("pay_7")).entries) == [1]


@pytest.mark.parametrize("added", [500, 501, 4_096, 4_097])
def test_a_search_reads_on_however_many_frames_came(store: RedisStore, settings: Settings, added: int) -> None:
    many = [Frame(f"/srv/{number}.py", "f", number, source=f"call_{number}()") for number in range(added)]
    familiar(store, settings)
    reader = RedisStore(settings)
    store.report([traced(settings, 1, failed(1))])
    assert numbers(reader.page(query=parse("pay_7")).entries) == [1]
    pieces = [many[start : start + 100] for start in range(0, added, 100)]
    for _ in range(2):
        # Met once, they are not shared.
        store.report([traced(settings, 100 + number, failed(number, piece)) for number, piece in enumerate(pieces)])
        store.delete([key_of(100 + number) for number in range(len(pieces))])
    store.report([traced(settings, 100 + number, failed(number, piece)) for number, piece in enumerate(pieces)])
    for each in (0, 99, added - 1):
        query = parse(f'"call_{each}()"')
        assert numbers(reader.page(query=query).entries) == [100 + each // 100]
        assert numbers(RedisStore(settings).page(query=query).entries) == [100 + each // 100]
    assert numbers(reader.page(query=parse("pay_7")).entries) == [1]


def test_the_longest_stacks_that_are_shared(store: RedisStore, settings: Settings, client: Client) -> None:
    for count, is_shared in ((MOST, True), (MOST + 1, False)):
        deep = [Frame("a.py", "f", number, source="f()") for number in range(count // 2)]
        rest = [Frame("b.py", "g", number, source="g()") for number in range(count - count // 2)]
        exception = ExceptionInfo("ValueError", "", tuple(deep), cause=failed(1, rest), relation="cause")
        for number in (1, 2):
            store.report([traced(settings, number, exception)])
        assert len(shared(client, settings)) == (count + 1 if is_shared else 0)
        assert there(store, 2).exception == exception
        store.delete([key_of(1), key_of(2)])
        assert shared(client, settings) == {}


def test_several_processes_report_the_same_frames_at_once(
    settings: Settings, client: Client, store: RedisStore
) -> None:
    stores = [familiar(RedisStore(settings), settings) for _ in range(4)]

    def go(own: int) -> None:
        for number in range(20):
            frames = (FRAMES, OTHERS)[number % 2]
            stores[own].report(
                [traced(settings, 100 * own + number, failed(number, frames), sender=f"s{own}", sequence=number)]
            )
            if number % 3 == 0:
                stores[own].delete([key_of(100 * own + number)])
            stores[own].page(query=parse("pay_7"))

    with ThreadPoolExecutor(4) as executor:
        list(executor.map(go, range(4)))
    assert shared(client, settings) == used(client, settings)
    assert (
        len(store.page(query=parse("pay_7")).entries)
        == sum(number % 2 == 0 and number % 3 != 0 for number in range(20)) * 4
    )
    for each in stores:
        each.close()


def test_an_archive_brings_no_use_of_a_stack_that_nobody_counted(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings)])
    lines = [line.replace(b'"kind":"entry"', b'"kind":"entry","stored":{"stack":"x"}') for line in store.export()]
    with pytest.raises(InvalidArchive, match="stack"):
        store.check_archive(lambda: lines, "replace")


def test_a_search_knows_what_others_have_added_and_taken_away(store: RedisStore, settings: Settings) -> None:
    familiar(store, settings)
    reader = RedisStore(settings)
    for number in range(3):
        assert reader.page(query=parse("pay_7")).entries == []
        store.report([traced(settings, number, failed(number))])
        assert numbers(reader.page(query=parse("pay_7")).entries) == [number]
        assert numbers(reader.page(query=parse(r"/pay_\d\b/")).entries) == [number]
        store.clear()


def test_a_search_outlives_the_loss_of_all_data(store: RedisStore, settings: Settings, client: Client) -> None:
    familiar(store, settings)
    store.report([traced(settings, 1, failed(1)), traced(settings, 2, failed(2, OTHERS))])
    assert len(store.page(query=parse("pay_7")).entries) == 1
    prefix = Keys(settings.current_namespace()).prefix
    client.delete(*client.scan_iter(match=f"{prefix}*", count=1_000))
    assert store.page(query=parse("pay_7")).entries == []
    store.report([traced(settings, 3, failed(3, OTHERS))])
    assert numbers(store.page(query=parse('"other()"')).entries) == [3]


def queries(chance: random.Random, text: str) -> str:
    """Return a query that has a good chance to match a text, or nearly."""
    start = chance.randrange(len(text))
    part = text[start : start + chance.randint(1, 30)]
    quoted = '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
    begin, end, whole = (re.escape(each).replace("/", r"\/") for each in (part[:5], part[-3:], part))
    loose = re.sub(r"[0-9]", lambda _: chance.choice([r"\d", ".", "[0-5]", "[^a]", r"\w"]), whole)
    return chance.choice(
        [
            quoted,
            f"-{quoted}",
            f"/{loose}/i",
            f"/{loose}/",
            f"/{loose}$/",
            f"/^{loose}/i",
            f"/{begin}[^x]*{end}/",
            rf"{quoted} /work_[0-9]\b/",
        ]
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_search_finds_what_it_would_find_if_nothing_was_shared(
    store: RedisStore, settings: Settings, client: Client, seed: int
) -> None:
    chance = random.Random(seed)
    plain = Settings(redis_url=settings.redis_url, namespace=f"{settings.current_namespace()}-plain")
    familiar(store, settings)
    for number in range(12):
        frames = chance.sample([*FRAMES, *OTHERS], chance.randint(1, 8))
        cause = failed(number, OTHERS[:2]) if chance.random() < 0.5 else None
        exception = ExceptionInfo(
            "ValueError", f"no {number}", tuple(frames), cause=cause, relation="cause" if cause else ""
        )
        store.report([traced(settings, number, exception, last_ms=NOW + number, envs=[{"host": f"web{number}"}])])
        # A store that has just begun has met none of them before.
        RedisStore(plain).report(
            [traced(plain, number, exception, last_ms=NOW + number, envs=[{"host": f"web{number}"}])]
        )
    assert shared(client, settings)
    assert not shared(client, plain)
    whole = RedisStore(plain)
    text = "\n".join(f"{each.message}\n{each.traceback}" for each in (there(whole, n) for n in range(12)))
    matched = 0
    for _ in range(60):
        written = queries(chance, text)
        try:
            query = parse(written)
        except ValueError:
            continue
        expected = numbers(whole.page(query=query).entries)
        assert numbers(store.page(query=query).entries) == expected, written
        matched += bool(expected)
    assert matched > 20


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_done_each_frame_is_kept_as_long_as_it_is_used(
    settings: Settings, client: Client, seed: int
) -> None:
    chance = random.Random(seed)
    small = Settings(redis_url=settings.redis_url, namespace=settings.current_namespace(), max_backlog=6)
    stores = [familiar(RedisStore(small), small) for _ in range(2)]
    tokens: list[str] = []
    archive = list(stores[0].export())
    for step in range(80):
        store, number = chance.choice(stores), chance.randrange(10)
        done = chance.randrange(9)
        if done < 4:
            exception = failed(number, chance.sample([*FRAMES, *OTHERS], 5))
            version = str(step)
            store.report([traced(small, number, exception, last_ms=NOW + step, version=version)])
        elif done == 4:
            store.delete([key_of(number)])
        elif done == 5:
            tokens.append(store.discard([key_of(number)])[1])
        elif done == 6 and tokens:
            store.restore(tokens.pop())
        elif done == 7:
            change = chance.choice(["protect", "unprotect", "solve"])
            store.solve([key_of(number)]) if change == "solve" else getattr(store, change)(key_of(number))
        elif chance.random() < 0.3:
            store.clear()
        else:
            store.import_archive(lambda kept=archive: kept, chance.choice(["merge", "replace"]))
            archive = list(store.export())
        assert shared(client, small) == used(client, small)
        for each in store.page(include_solved=True).entries:
            found = store.entry(each.key)
            assert found
            assert found.exception
            assert len(found.exception.frames) == 5
            assert found.traceback == traceback.text(found.exception)
            assert set(found.exception.frames) <= {*FRAMES, *OTHERS}
    for each in stores:
        each.close()
