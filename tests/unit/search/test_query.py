"""Which entries a query matches, with which of their env samples, and what of them it highlights."""

import pytest

from logster.entry import Env
from logster.search import parse
from logster.search.subject import Row
from tests.unit.search.entries import entry

ENVS = [
    {"time": 1717, "hostname": "web-1", "user": {"id": 42, "name": "Grace Hopper"}, "bot": False},
    {
        "time": 1818,
        "hostname": "web-2",
        "user": {"id": 421},
        "tags": ["slow", {"kind": "Crawler"}],
        "a.b": {"c.d": 1.5},
    },
]


@pytest.mark.parametrize(
    "written",
    [
        "CONNECTION ref",
        '"refused by" db-1',
        "pay.py",
        "-missing",
        "/db-\\d/",
        "/CONNECTION/i",
        "/^Connection refused.*$/",
        "/^  File/",
        "-/CONNECTION/",
        "level:error",
        "level:>=warning",
        "logger:shop.payments",
        "logger:SHOP",
        "logger:sh*",
        "-logger:shop.pay",
        "type:PaymentError",
        "type:errors.PaymentError",
        "type:billing.errors.paymenterror",
        "type:Pay*",
        "-type:Error",
        "version:2.3.0",
        "version:2.4.*",
        "-version:2.4",
        "count:10",
        "count:5..10 count:>=10",
        "-count:>10",
        "since:1970-01-01T00:33:20Z",
        "until:1970-01-01T00:33:20Z",
        "-is:protected",
    ],
)
def test_the_entry_alone_matches(written: str) -> None:
    query = parse(written)
    assert query.matches(entry(), [])
    assert not parse(f"{written} missing").matches(entry(), [])


@pytest.mark.parametrize(
    "written",
    [
        "missing",
        '"by refused"',
        "-refused",
        "/CONNECTION/",
        "level:<error",
        "logger:payments",
        "logger:shop.pay",
        "type:Error",
        "type:mentError",
        "logger:shop.pay*payments",
        "version:2.4",
        "count:>10",
        "-count:10",
        "since:1970-01-01T00:33:21Z",
        "until:1970-01-01T00:33:19Z",
        "is:protected",
        "host:web-1",
        "env.a:*",
    ],
)
def test_the_entry_alone_does_not_match(written: str) -> None:
    assert not parse(written).matches(entry(), [])


@pytest.mark.parametrize(
    ("written", "samples"),
    [
        ("refused", [0, 1]),
        ("hopper", [0]),
        ("crawler", [1]),
        ("-crawler", [0]),
        ("refused crawler", [1]),
        ("42", [0, 1]),
        ("1717", []),
        ("-1717", [0, 1]),
        ("hostname", []),
        ("/^slow$/", [1]),
        ("-/^slow$/", [0]),
        ("false", [0]),
        ("host:web-1", [0]),
        ("-host:WEB-1", [1]),
        ("host:web-*", [0, 1]),
        ("env.user.id:42", [0]),
        ("env.USER.id:42*", [0, 1]),
        ("env.user:42", [0]),
        ('env.user.name:"grace hopper"', [0]),
        ("env.user.name:*", [0]),
        ("-env.user.name:*", [1]),
        ("env.user.name:grace", []),
        ("env.tags:slow", [1]),
        ("env.tags.kind:crawler", [1]),
        ("env.a.b.c.d:1.5", [1]),
        ("env.bot:false", [0]),
        ('env.user.id:"42*"', []),
        ("hopper crawler", []),
        ("hopper -crawler", [0]),
    ],
)
def test_env_samples_match(written: str, samples: list[int]) -> None:
    query = parse(written)
    assert query.matching_envs(ENVS, entry()) == samples
    assert query.matches(entry(), ENVS) == bool(samples)


def test_without_the_entry_a_word_that_no_sample_has_is_taken_to_be_the_entrys() -> None:
    assert parse("refused -crawler").matching_envs(ENVS) == [0]
    assert parse("refused hopper").matching_envs(ENVS) == [0]


def test_an_entry_that_is_not_to_match_has_no_matching_samples() -> None:
    assert parse("-refused").matching_envs(ENVS, entry()) == []


def test_a_solved_entry_matches_only_where_it_is_asked_for() -> None:
    solved = entry(flags=["solved"])
    assert not parse("refused").matches(solved, [])
    assert parse("refused is:solved").matches(solved, [])
    assert not parse("is:solved").matches(entry(), [])


def test_a_custom_level_is_the_standard_one_below_it() -> None:
    assert parse("level:error").matches(entry(level_number=45), [])
    assert not parse("level:warning").matches(entry(level_number=45), [])


@pytest.mark.parametrize(("written", "decided"), [("refused", True), ("level:info", False), ("hopper", None)])
def test_the_entry_may_be_enough_to_decide(written: str, decided: bool | None) -> None:
    assert parse(written).decided_by(entry()) is decided


def test_case_does_not_matter_beyond_ascii_either() -> None:
    assert parse("straße ÉTÉ οδος").matches(entry(message="STRAßE été ΟΔΟΣ"), [])


@pytest.mark.parametrize(
    ("written", "text", "found"),
    [
        ("con REF", "Connection refused", ["Con", "ref"]),
        ("connection nect", "Connection", ["Connection"]),
        ("aa", "aaaaa", ["aaaa"]),
        (r"/\d+/", "12 of 345", ["12", "345"]),
        ("/x*/", "axxb", ["xx"]),
        ("/É/", "\ud800É", ["É"]),
        ("-con level:error", "Connection", []),
        ("é", "İÉ", ["É"]),
    ],
)
def test_highlights_are_what_was_looked_for(written: str, text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in parse(written).highlights(text)] == found


@pytest.mark.parametrize("written", ["/(a*)*b/", "/(a|a)*b/", "/(.*a){20}b/", "a*a", "env.x:*a*a*a*b"])
def test_no_query_takes_more_than_linear_time(written: str) -> None:
    query = parse(written)
    text = "a" * 100_000
    assert not query.matches(entry(message=text, traceback=""), [{"x": text}])


def test_env_may_be_nested_as_deep_as_it_likes() -> None:
    env: dict[str, object] = {"leaf": "needle"}
    for _ in range(5_000):
        env = {"a": env}
    assert parse("needle").matches(entry(), [env])
    assert not parse(f"env.{'a.' * 400}a:needle2").matches(entry(), [env])


def test_the_traceback_is_read_only_where_an_extract_does_not_decide() -> None:
    read: list[str] = []

    def traceback() -> str:
        read.append("traceback")
        return "Straße refused"

    def matches(written: str) -> bool:
        row = Row(entry(message=""), traceback, lambda: [b"traceback", "straße".encode()])
        return parse(written).matches_row(row, list)

    assert matches("TRACEBACK")
    assert not read
    assert matches("refused")
    assert matches("straße")
    assert not matches("nowhere")
    assert len(read) == 3


def test_samples_are_read_only_where_they_decide() -> None:
    read: list[str] = []

    def envs() -> list[Env]:
        read.append("envs")
        return [{"x": "sample"}]

    assert parse("refused").matches_row(Row(entry()), envs)
    assert not read
    assert parse("refused sample").matches_row(Row(entry()), envs)
    assert read == ["envs"]
