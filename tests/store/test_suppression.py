"""Suppression patterns: what they keep out is counted exactly, in every process from the change on."""

import re
import subprocess
import sys
import textwrap

import pytest

from logster.errors import InvalidPattern, PatternNotFound
from logster.patterns import Rule
from logster.settings import Settings
from logster.store.patterns import StoredPattern
from logster.store.redis_store import RedisStore
from tests.store.reports import EXCEPTION, key_of, numbers, report


def texts(patterns: list[StoredPattern]) -> list[tuple[str, int]]:
    return [(each.pattern, each.count) for each in patterns]


def test_what_matches_is_not_stored_but_counted(store: RedisStore, settings: Settings) -> None:
    store.add_pattern("suppression", "/order 1 /i")
    results = store.report([report(settings, number, count=3) for number in (1, 2, 1)])
    assert [result.outcome for result in results] == ["suppressed", "created", "suppressed"]
    assert numbers(store.page().entries) == [2]
    assert texts(store.patterns("suppression")) == [("/order 1 /i", 6)]
    assert store.counters() == {"suppressed": 6}


def test_the_exception_is_looked_at_as_well(store: RedisStore, settings: Settings) -> None:
    store.add_pattern("suppression", "ValueError: no such")
    assert store.report([report(settings, exception=EXCEPTION)])[0].outcome == "suppressed"


def test_a_pattern_that_cannot_be_used_is_refused(store: RedisStore) -> None:
    with pytest.raises(InvalidPattern, match="4 to 499 characters"):
        store.add_pattern("suppression", "a")
    with pytest.raises(InvalidPattern, match="missing"):
        store.add_pattern("grouping", "a(b")
    store.add_pattern("suppression", "noise")
    with pytest.raises(InvalidPattern, match="already"):
        store.add_pattern("suppression", "/noise/")
    assert texts(store.patterns("suppression")) == [("/noise/", 0)]


def test_patterns_remember_who_made_them(store: RedisStore) -> None:
    made = store.add_pattern("suppression", "noise", by="Ann\tB.")
    assert (made.pattern, made.source, made.by) == ("/noise/", "ui", "Ann B.")
    assert made.created_ms > 0
    [change] = store.history()
    assert (change.kind, change.subject, change.by) == ("add_pattern", "suppression /noise/", "Ann B.")


def test_history_keeps_a_hundred_changes(store: RedisStore) -> None:
    for number in range(110):
        store.add_pattern("suppression", f"noise {number}")
    assert len(store.history(1_000)) == 100
    assert [change.subject for change in store.history(1)] == ["suppression /noise 109/"]
    assert store.history(0) == []


def test_a_changed_pattern_starts_at_zero_and_keeps_its_place(store: RedisStore, settings: Settings) -> None:
    store.add_pattern("suppression", "Order 1 ")
    store.add_pattern("suppression", "Order 3 ")
    store.report([report(settings, 1)])
    store.change_pattern("suppression", "Order 1 ", "Order 2 ")
    outcomes = [result.outcome for result in store.report([report(settings, number) for number in (1, 2, 2, 3)])]
    assert outcomes == ["created", "suppressed", "suppressed", "suppressed"]
    assert texts(store.patterns("suppression")) == [("/Order 2 /", 2), ("/Order 3 /", 1)]


def test_a_removed_pattern_holds_no_more(store: RedisStore, settings: Settings) -> None:
    store.add_pattern("suppression", "Order")
    store.report([report(settings)])
    store.remove_pattern("suppression", "/Order/")
    assert store.report([report(settings)])[0].outcome == "created"
    store.add_pattern("suppression", "Order")
    assert texts(store.patterns("suppression")) == [("/Order/", 0)]


def test_hits_are_counted_anew_after_a_reset(store: RedisStore, settings: Settings) -> None:
    store.add_pattern("suppression", "Order")
    store.report([report(settings, count=7)])
    assert store.reset_count("Order") == 7
    store.report([report(settings, count=2)])
    assert texts(store.patterns("suppression")) == [("/Order/", 2)]


@pytest.mark.parametrize("kind", ["suppression", "grouping"])
def test_what_is_not_there_cannot_be_changed(store: RedisStore, kind: str) -> None:
    with pytest.raises(PatternNotFound, match=f"no {kind} pattern gone"):
        store.remove_pattern(kind, "gone")
    with pytest.raises(PatternNotFound):
        store.change_pattern(kind, "gone", "there")
    with pytest.raises(PatternNotFound):
        store.reset_count("gone")


def test_a_pattern_can_be_changed_into_no_other_that_is_there(store: RedisStore) -> None:
    store.add_pattern("suppression", "hum of")
    store.add_pattern("suppression", "noise")
    with pytest.raises(InvalidPattern, match="already"):
        store.change_pattern("suppression", "noise", "hum of")
    assert texts(store.patterns("suppression")) == [("/hum of/", 0), ("/noise/", 0)]


def test_what_is_stored_already_goes_unless_it_is_protected(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, number) for number in range(300)])
    store.protect(key_of(17))
    assert store.count_matching("Order [12]7 ") == 2
    assert store.delete_matching("Order [12]7 ") == 1
    assert store.delete_matching("/order/i") == 298
    assert numbers(store.page().entries) == [17]


def test_only_the_newest_message_counts_for_what_is_stored(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, message="old noise"), report(settings, message="news")])
    assert (store.count_matching("noise"), store.count_matching("news")) == (0, 1)


def test_rules_of_the_code_are_listed_and_counted(settings: Settings) -> None:
    ignore = ("order 1 ", re.compile("Order 2"), Rule(message="order", env={"path": "/health"}))
    store = RedisStore(settings.with_changes(ignore=ignore))
    batch = [report(settings, number) for number in (1, 2, 3)]
    batch += [report(settings, 3, envs=[], env={"path": path}) for path in ("/healthz", "/orders")]
    outcomes = [result.outcome for result in store.report(batch)]
    assert outcomes == ["suppressed", "suppressed", "created", "suppressed", "merged"]
    listed = store.patterns("suppression")
    assert texts(listed) == [("order 1 ", 1), ("/Order 2/", 1), ("order, path: /health", 1)]
    assert {each.source for each in listed} == {"code"}
    assert store.reset_count("order 1 ") == 1
    assert texts(store.patterns("suppression"))[0] == ("order 1 ", 0)
    store.close()


def test_rules_of_another_process_are_listed_where_they_hit(settings: Settings) -> None:
    other, store = RedisStore(settings.with_changes(ignore=("order",))), RedisStore(settings)
    other.report([report(settings)])
    if settings.redis_url != "memory://":
        assert texts(store.patterns("suppression")) == [("order", 1)]
    other.close()
    store.close()


def test_namespaces_have_patterns_of_their_own(store: RedisStore, settings: Settings) -> None:
    other = settings.with_changes(namespace=f"{settings.namespace}-other")
    store.add_pattern("suppression", "Order")
    outcomes = [result.outcome for result in store.report([report(each) for each in (settings, other)])]
    assert outcomes == ["suppressed", "created"]
    there = store.at(str(other.namespace))
    assert (there.patterns("suppression"), there.history(), there.counters()) == ([], [], {})


def test_a_store_that_knows_older_patterns_learns_of_the_change(settings: Settings) -> None:
    here, there = RedisStore(settings), RedisStore(settings)
    if settings.redis_url == "memory://":
        there = here
    there.report([report(settings, number, sender="there", sequence=number) for number in (1, 2)])
    here.add_pattern("suppression", "Order [34] ")
    batch = [report(settings, number, sender="there", sequence=number) for number in (3, 5, 4, 6)]
    for _ in range(2):
        outcomes = [result.outcome for result in there.report(batch)]
    assert outcomes == ["repeated"] * 4
    assert sorted(numbers(here.page().entries)) == [1, 2, 5, 6]
    here.remove_pattern("suppression", "Order [34] ")
    assert there.report([report(settings, 3)])[0].outcome == "created"
    here.close()
    there.close()


def test_batches_of_several_namespaces_are_each_asked_under_their_own_patterns(
    store: RedisStore, settings: Settings
) -> None:
    others = [settings.with_changes(namespace=f"{settings.namespace}-{number}") for number in range(3)]
    for each in others[:2]:
        RedisStore(each).at(str(each.namespace)).add_pattern("suppression", "Order")
    batch = [report(each, sender="a", sequence=number) for number, each in enumerate(others * 3, 1)]
    outcomes = [result.outcome for result in store.report(batch)]
    expected = ["suppressed", "suppressed", "created", *["suppressed", "suppressed", "merged"] * 2]
    assert settings.redis_url == "memory://" or outcomes == expected


PROCESS = """
    import sys
    from logster.settings import Settings
    from logster.store.redis_store import RedisStore
    from tests.store.reports import report

    settings = Settings(redis_url={url!r}, namespace={namespace!r})
    store = RedisStore(settings)
    sequence = 0
    for line in sys.stdin:
        sequence += 1
        number, count = map(int, line.split())
        batch = [report(settings, number, count=count, sender="child", sequence=sequence)]
        print(store.report(batch)[0].outcome, flush=True)
"""


@pytest.mark.parametrize("backend_url", ["valkey", "cluster"], indirect=True)
def test_a_change_holds_in_other_processes_at_once(store: RedisStore, settings: Settings) -> None:
    program = textwrap.dedent(PROCESS).format(url=settings.redis_url, namespace=settings.namespace)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", program], **pipes) as process:

        def reported(number: int, count: int = 1) -> str:
            process.stdin.write(f"{number} {count}\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        for number in range(1, 20):
            assert reported(number) == "created"
            store.add_pattern("suppression", f"Order {number} ")
            assert reported(number, 1_000) == "suppressed"
            store.remove_pattern("suppression", f"Order {number} ")
            assert reported(number) == "merged"
        store.add_pattern("suppression", "Order")
        assert [reported(number, number) for number in range(50)] == ["suppressed"] * 50
        process.stdin.close()
    assert texts(store.patterns("suppression")) == [("/Order/", sum(range(50)))]
    assert store.counters() == {"suppressed": 19_000 + sum(range(50))}
