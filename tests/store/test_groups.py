"""Groups: one row for all that a grouping pattern matches, true after whatever happens to its members."""

import random
from collections import defaultdict
from dataclasses import dataclass

import pytest

from logster.entry import LEVELS, Entry, Group, Page, level_floor
from logster.errors import InvalidPattern
from logster.search import parse
from logster.settings import Settings
from logster.store import grouping, regrouping
from logster.store.address import Client
from logster.store.keys import Keys
from logster.store.redis_store import RedisStore
from tests.store.keyspace import names_in
from tests.store.reports import EXCEPTION, NOW, key_of, numbers, report

PATTERN = "/^Order/"
ROW = grouping.row_of(PATTERN)


def batch(settings: Settings, entries: range, **changes: object) -> list:
    return [report(settings, number, **({"last_ms": NOW + number} | changes)) for number in entries]


def only(page: Page) -> Entry:
    [entry] = page.entries
    return entry


@pytest.fixture
def grouped(store: RedisStore, settings: Settings) -> RedisStore:
    """The store with a group of five entries, numbers 0 to 4, seen in version 1.0."""
    store.add_pattern("grouping", PATTERN)
    store.report(batch(settings, range(5), version="1.0", count=2))
    return store


def test_new_entries_that_match_are_one_row(grouped: RedisStore) -> None:
    page = grouped.page()
    row = only(page)
    assert row.group == Group(PATTERN, 5, [key_of(number) for number in (4, 3, 2, 1, 0)])
    assert (row.key, row.message, row.count) == (ROW, "Order 4 failed", 10)
    assert (row.first_seen, row.last_seen, page.total, grouped.count()) == (NOW, NOW + 4, 1, 1)


def test_entries_that_were_there_are_grouped(store: RedisStore, settings: Settings) -> None:
    store.report(batch(settings, range(300)) + batch(settings, range(300, 303), message="else"))
    made = store.add_pattern("grouping", PATTERN)
    assert made.count == 300
    page = store.page()
    assert [entry.key for entry in page.entries] == [*map(key_of, (302, 301, 300)), ROW]
    row = page.entries[3]
    assert row.group is not None
    assert row.group == Group(PATTERN, 300, [key_of(number) for number in range(299, 289, -1)])
    assert store.entry(ROW).group == Group(PATTERN, 300, [key_of(number) for number in range(299, 199, -1)])


@pytest.mark.parametrize(
    "levels",
    [(40, 30), (40, 40, 40, 20), (10, 20, 30, 40, 50), (30,) * 3 + (50,) * 149],
    ids=["evenly", "few of one", "all", "all new ones of one"],
)
def test_the_newest_members_are_shown_whatever_their_levels(
    store: RedisStore, settings: Settings, levels: tuple[int, ...]
) -> None:
    store.add_pattern("grouping", PATTERN)
    for number in range(150):
        # Two at a time were last seen at the same moment.
        store.report([report(settings, number, level=levels[number % len(levels)], last_ms=NOW + number // 2)])
    newest = [key_of(number) for number in range(149, 49, -1)]
    assert store.entry(ROW).group == Group(PATTERN, 150, newest)
    assert only(store.page()).group == Group(PATTERN, 150, newest[:10])
    assert only(store.page(levels=[levels[0]])).group.members == newest[:10]


def test_a_page_of_many_groups_has_all_of_its_rows(store: RedisStore, settings: Settings) -> None:
    patterns = [f"/^Order {chr(ord('a') + number)}/" for number in range(26)] + ["/^Offer/", "/^Mail/"]
    for number, pattern in enumerate(patterns):
        store.add_pattern("grouping", pattern)
        for level in (30, 40):
            message = f"{pattern[2:-1]} failed"
            store.report(
                [report(settings, 2 * number + (level == 40), level=level, message=message, last_ms=NOW + number)]
            )
    rows = [grouping.row_of(pattern) for pattern in reversed(patterns)]
    page = store.page()
    assert ([entry.key for entry in page.entries], page.total, page.next) == (rows, 28, None)
    oldest = store.page(limit=27).next
    assert [entry.key for entry in store.page(before=oldest).entries] == rows[27:]
    assert [entry.key for entry in store.page(after=store.page(before=oldest).previous, limit=26).entries] == rows[1:27]


def test_a_removed_pattern_gives_its_rows_back(grouped: RedisStore, settings: Settings, client: Client) -> None:
    grouped.remove_pattern("grouping", PATTERN)
    assert numbers(grouped.page().entries) == [4, 3, 2, 1, 0]
    assert not [name for name in names_in(client, settings.namespace) if name.startswith(("group", "patterns:re"))]
    assert all(entry.group is None for entry in grouped.page().entries)


def test_a_changed_pattern_groups_anew(grouped: RedisStore) -> None:
    changed = grouped.change_pattern("grouping", PATTERN, "Order [12] ")
    assert changed.count == 2
    assert [entry.group and entry.group.count for entry in grouped.page().entries] == [None, None, 2, None]


def test_an_entry_is_in_one_group_that_of_the_first_pattern(grouped: RedisStore) -> None:
    grouped.add_pattern("grouping", "Order")
    assert only(grouped.page()).key == ROW
    grouped.remove_pattern("grouping", PATTERN)
    assert only(grouped.page()).key == grouping.row_of("/Order/")


def test_an_entry_follows_its_newest_message(grouped: RedisStore, settings: Settings) -> None:
    grouped.report([report(settings, 2, message="Refund", last_ms=NOW + 9)])
    assert [entry.key for entry in grouped.page().entries] == [key_of(2), ROW]
    grouped.report([report(settings, 2, message="Order late", last_ms=NOW + 8)])
    assert len(grouped.page().entries) == 2
    grouped.report([report(settings, 2, message="Order again", last_ms=NOW + 10)])
    assert only(grouped.page()).message == "Order again"


def test_the_exception_decides_as_well(store: RedisStore, settings: Settings) -> None:
    store.report([report(settings, exception=EXCEPTION)])
    store.add_pattern("grouping", "ValueError: no such")
    store.report([report(settings, 2, exception=EXCEPTION)])
    assert only(store.page()).group.count == 2
    store.report([report(settings, 2, last_ms=NOW + 1)])
    assert len(store.page().entries) == 2


def test_a_group_is_shown_whole(grouped: RedisStore, settings: Settings) -> None:
    grouped.report([report(settings, 3, exception=EXCEPTION, traceback="Trace", last_ms=NOW + 20, envs=[{"a": 1}])])
    grouped.report([report(settings, 9, exception=EXCEPTION, traceback="Trace", last_ms=NOW + 30, envs=[{"a": 2}])])
    whole = grouped.entry(ROW)
    assert whole is not None
    assert (whole.key, whole.traceback, whole.count, whole.env_count) == (ROW, "Trace", 12, 1)
    assert whole.group.members == [key_of(number) for number in (9, 3, 4, 2, 1, 0)]
    assert [env["a"] for env in grouped.env_samples(ROW)] == [2]
    assert grouped.entry("g-none") is None


def test_a_group_is_solved_and_unsolved_as_one(grouped: RedisStore, settings: Settings) -> None:
    assert grouped.solve([ROW]) == 5
    assert grouped.page().entries == []
    assert grouped.entry(ROW).flags == ["solved"]
    assert [result.outcome for result in grouped.report(batch(settings, range(5), version="1.0"))] == ["solved"] * 5
    assert grouped.unsolve([ROW]) == 5
    assert only(grouped.page()).count == 10


def test_a_regressed_member_brings_its_group_back(grouped: RedisStore, settings: Settings) -> None:
    grouped.solve([ROW])
    grouped.report([report(settings, 3, version="2.0")])
    row = only(grouped.page())
    assert (row.group.members, row.flags) == ([key_of(3)], ["regressed"])
    assert len(grouped.page(include_solved=True).entries) == 5


def test_a_group_is_deleted_as_one(grouped: RedisStore, settings: Settings, client: Client) -> None:
    grouped.report(batch(settings, range(5, 250)))
    assert grouped.delete([ROW]) == 250
    assert not [name for name in names_in(client, settings.namespace) if name.startswith("group")]


def test_a_protected_group_survives_clearing(grouped: RedisStore, settings: Settings) -> None:
    assert grouped.protect(ROW)
    grouped.report(batch(settings, range(5, 8)))
    assert grouped.clear() == 3
    row = only(grouped.page())
    assert (row.group.count, row.count, row.flags) == (5, 10, ["protected"])
    assert grouped.unprotect(ROW)
    assert grouped.clear() == 5
    assert grouped.page().entries == []


def test_a_group_stands_once_however_many_levels_it_has(grouped: RedisStore, settings: Settings) -> None:
    for number, level in enumerate(LEVELS):
        grouped.report([report(settings, 10 + number, level=level, last_ms=NOW + 50 - number)])
    grouped.report(batch(settings, range(20, 23), message="else"))
    page = grouped.page()
    assert ([entry.key for entry in page.entries], page.total) == ([ROW, *map(key_of, (22, 21, 20))], 4)
    assert (page.entries[0].level, page.entries[0].group.count) == ("DEBUG", 10)
    assert only(grouped.page(levels=[20, 30])).last_seen == NOW + 49
    assert grouped.page(levels=[20, 30]).total == 1
    assert grouped.page(until_ms=NOW + 49).total == 3
    paged = grouped.page(limit=1, before=grouped.page(limit=1).next)
    assert (numbers(paged.entries), paged.previous is not None) == ([22], True)
    assert grouped.page(limit=1, after=grouped.page(limit=1).next).previous is None


def test_a_search_finds_members_as_rows_of_their_own(grouped: RedisStore) -> None:
    assert numbers(grouped.page(query=parse("order")).entries) == [4, 3, 2, 1, 0]
    assert numbers(grouped.page(query=parse('"order 3"')).entries) == [3]
    assert numbers(grouped.page(query=parse("order"), limit=2).entries) == [4, 3]


def test_a_pattern_is_suggested_from_a_group(grouped: RedisStore) -> None:
    assert grouped.suggest([ROW]) == grouped.suggest([key_of(0), key_of(4)]) == r"/^Order \d+ failed/"


def test_trimming_takes_members(settings: Settings) -> None:
    small = settings.with_changes(max_backlog=10)
    store = RedisStore(small)
    store.add_pattern("grouping", PATTERN)
    store.report(batch(small, range(30)))
    row = only(store.page())
    assert (row.group.count, row.count, row.first_seen) == (10, 10, NOW + 20)
    store.close()


def test_a_group_outlives_a_torn_member(grouped: RedisStore, settings: Settings, client: Client) -> None:
    client.delete(Keys(settings.current_namespace()).entry(key_of(4)))
    row = only(grouped.page())
    assert (row.message, row.group.count) == ("Order 3 failed", 4)


def test_what_a_crash_left_undone_is_finished_by_who_looks_next(
    store: RedisStore, settings: Settings, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    store.report(batch(settings, range(120)))
    walked = regrouping._regroup
    calls = []

    def crash(*arguments: object) -> bool:
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return walked(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(regrouping, "_regroup", crash)
        with pytest.raises(KeyboardInterrupt):
            store.add_pattern("grouping", PATTERN)
    rows = len(store.page(limit=200).entries)
    assert 1 < rows < 120, "someone else may still be at it"
    client.delete(Keys(settings.current_namespace()).regrouping)
    assert only(store.page(limit=200)).group.count == 120
    assert not client.exists(Keys(settings.current_namespace()).unfinished_regrouping)


def test_an_archive_brings_groups_back(grouped: RedisStore, settings: Settings) -> None:
    lines = list(grouped.export())
    before = grouped.page().entries
    other = grouped.at(f"{settings.namespace}-other")
    other.import_archive(lambda: lines)
    assert other.page().entries == before
    assert other.patterns("grouping") == grouped.patterns("grouping")


@dataclass
class Known:
    """What the model knows of an entry."""

    number: int
    level: int
    first: int
    last: int
    count: int
    message: str
    is_protected: bool = False
    is_solved: bool = False


class Model:
    """The store's rules in their simplest form: everything is worked out anew each time."""

    def __init__(self) -> None:
        self.entries: dict[int, Known] = {}
        self.patterns: list[str] = []

    def report(self, number: int, level: int, time: int, message: str) -> None:
        known = self.entries.setdefault(number, Known(number, level, time, time, 0, message))
        known.count += 1
        known.level = max(known.level, level)
        known.first = min(known.first, time)
        if time >= known.last:
            known.last, known.message = time, message
        known.is_solved = False

    def group(self, known: Known) -> str:
        return next((pattern for pattern in self.patterns if pattern.strip("/") in known.message), "")

    def lists(self) -> dict[str, dict[str, int]]:
        """Return every sorted set there has to be, and the sets and sums as such."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for known in self.entries.values():
            key, level, group = key_of(known.number), level_floor(known.level), self.group(known)
            name = f"group:{grouping.name_of(group)}"
            if not known.is_protected:
                found["trimmable"][key] = known.last
            if known.is_solved:
                found[f"solved:{level}"][key] = known.last
            elif group:
                row = f"g-{grouping.name_of(group)}"
                recent = found[f"recent:{level}"]
                recent[row] = max(recent.get(row, 0), known.last)
                found["groups"][grouping.name_of(group)] = 1
                found[f"{name}:{level}"][key] = known.last
                found[f"grouped:{level}"][key] = known.last
                found[f"{name}:first"][key] = known.first
            else:
                found[f"recent:{level}"][key] = known.last
            if group and known.is_solved:
                found[f"{name}:solved"][key] = known.last
            if group:
                sums = found[name]
                sums["occurrences"] = sums.get("occurrences", 0) + (0 if known.is_solved else known.count)
        return found

    def rows(self, levels: list[int]) -> list[tuple[str, int, int]]:
        """Return key, time and count of each row, as the list has to show them."""
        rows = []
        groups = defaultdict(list)
        for known in self.entries.values():
            if known.is_solved:
                continue
            if group := self.group(known):
                groups[group].append(known)
            elif level_floor(known.level) in levels:
                rows.append((known.last, key_of(known.number), known.count))
        for group, members in groups.items():
            shown = [known.last for known in members if level_floor(known.level) in levels]
            if shown:
                rows.append((max(shown), grouping.row_of(group), sum(known.count for known in members)))
        return [(key, time, count) for time, key, count in sorted(rows, reverse=True)]


WORDS = ("alpha", "beta", "gamma", "delta")


class Life:
    """Random operations on a store, and the same on the model."""

    def __init__(self, store: RedisStore, settings: Settings, seed: int) -> None:
        self.store = store
        self.settings = settings
        self.model = Model()
        self.random = random.Random(seed)
        self.time = NOW

    def step(self) -> None:
        choices = {self.report: 60, self.solve: 4, self.unsolve: 3, self.protect: 4, self.unprotect: 3}
        choices |= {self.delete: 4, self.clear: 1, self.add: 5, self.change: 3, self.remove: 3, self.group: 4}
        self.random.choices(list(choices), list(choices.values()))[0]()

    def report(self) -> None:
        time = self.time = self.time + self.random.choice((0, 0, 1, 5))
        time -= self.random.choice((0, 0, 0, 7, 30))
        number, level = self.random.randrange(20), self.random.choice((10, 30, 35, 40, 50))
        message = " ".join(self.random.choices(WORDS, k=self.random.randrange(1, 3)))
        self.store.report([report(self.settings, number, level=level, last_ms=time, message=message)])
        self.model.report(number, level, time, message)

    def some(self) -> list[Known]:
        known = list(self.model.entries.values())
        return self.random.sample(known, min(len(known), self.random.randrange(4)))

    def solve(self) -> None:
        for known in self.some():
            self.store.solve([key_of(known.number)])
            known.is_solved = True

    def unsolve(self) -> None:
        for known in self.some():
            self.store.unsolve([key_of(known.number)])
            known.is_solved = False

    def protect(self) -> None:
        for known in self.some():
            self.store.protect(key_of(known.number))
            known.is_protected = True

    def unprotect(self) -> None:
        for known in self.some():
            self.store.unprotect(key_of(known.number))
            known.is_protected = False

    def delete(self) -> None:
        for known in self.some():
            self.store.delete([key_of(known.number)])
            del self.model.entries[known.number]

    def clear(self) -> None:
        self.store.clear()
        self.model.entries = {number: each for number, each in self.model.entries.items() if each.is_protected}

    def add(self) -> None:
        try:
            self.store.add_pattern("grouping", self.random.choice(WORDS))
        except InvalidPattern:
            return
        self.learn()

    def change(self) -> None:
        if not self.model.patterns:
            return
        try:
            pattern = self.random.choice(self.model.patterns)
            self.store.change_pattern("grouping", pattern, self.random.choice(WORDS))
        except InvalidPattern:
            return
        self.learn()

    def remove(self) -> None:
        if self.model.patterns:
            self.store.remove_pattern("grouping", self.random.choice(self.model.patterns))
            self.learn()

    def group(self) -> None:
        """Do something to all members of a group."""
        if not self.model.patterns:
            return
        pattern = self.random.choice(self.model.patterns)
        members = [each for each in self.model.entries.values() if self.model.group(each) == pattern]
        shown = [each for each in members if not each.is_solved]
        row = grouping.row_of(pattern)
        match self.random.choice(("solve", "unsolve", "delete", "protect")):
            case "solve":
                assert self.store.solve([row]) == len(shown)
                for known in shown:
                    known.is_solved = True
            case "unsolve":
                assert self.store.unsolve([row]) == len(members) - len(shown)
                for known in members:
                    known.is_solved = False
            case "delete":
                assert self.store.delete([row]) == len(shown)
                for known in shown:
                    del self.model.entries[known.number]
            case "protect":
                assert self.store.protect(row) == bool(shown)
                for known in shown:
                    known.is_protected = True

    def learn(self) -> None:
        self.model.patterns = [each.pattern for each in self.store.patterns("grouping")]

    def check(self, client: Client) -> None:
        assert kept(client, self.settings) == self.model.lists()
        levels = self.random.sample(list(LEVELS), self.random.randrange(1, 6))
        expected = self.model.rows(levels)
        limit = self.random.randrange(1, 8)
        page = self.store.page(levels=levels, limit=limit)
        found = list(page.entries)
        assert page.total == len(expected)
        while page.next:
            page = self.store.page(levels=levels, limit=limit, before=page.next)
            found += page.entries
            back = self.store.page(levels=levels, limit=limit, after=page.previous)
            assert [entry.key for entry in back.entries] == [
                entry.key for entry in found[-limit - len(page.entries) : -len(page.entries)]
            ]
        assert [(entry.key, entry.last_seen, entry.count) for entry in found] == expected


def kept(client: Client, settings: Settings) -> dict[str, dict[str, int]]:
    """Return the lists that are kept, as the model has them."""
    prefix = Keys(settings.current_namespace()).prefix
    found: dict[str, dict[str, int]] = {}
    for name in names_in(client, str(settings.namespace)):
        kind = name.partition(":")[0]
        if name == "groups":
            found[name] = {each.decode(): 1 for each in client.smembers(prefix + name)}
        elif kind == "group" and name.count(":") == 1:
            sums = {field.decode(): value for field, value in client.hgetall(prefix + name).items()}
            assert sums.pop("pattern")
            found[name] = {"occurrences": int(sums.pop("occurrences", 0)), **sums}
        elif kind in ("recent", "grouped", "group", "trimmable") or (kind == "solved" and name[7:].isdigit()):
            members = client.zrange(prefix + name, 0, -1, withscores=True)
            found[name] = {member.decode(): int(score) for member, score in members}
    return found


@pytest.mark.parametrize("backend_url", ["valkey"], indirect=True)
@pytest.mark.parametrize("seed", range(6))
def test_a_random_life_leaves_every_list_as_the_model_has_it(
    store: RedisStore, settings: Settings, client: Client, seed: int
) -> None:
    life = Life(store, settings, seed)
    for _ in range(60):
        for _ in range(life.random.randrange(1, 8)):
            life.step()
        life.check(client)
    store.clear()
    store.delete(key_of(number) for number in range(20))
    assert not kept(client, settings)
