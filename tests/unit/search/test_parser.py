"""What a query means, and how a mistake in it is answered."""

import random

import pytest

from logster.errors import QuerySyntaxError
from logster.search import Query, parse

NOW = 1_800_000_000_000
HOUR = 3_600_000


def test_the_empty_query_demands_nothing_but_that_it_is_not_solved() -> None:
    query = parse(" \n ")
    assert (query.explain(), query.required, query.levels, query.needs_env) == ([], (), None, False)
    assert query.flags_forbidden == {"solved"}


@pytest.mark.parametrize(
    ("written", "sentences"),
    [
        ("timeout", ["message, traceback or env contains 'timeout'"]),
        ("a b", ["message, traceback or env contains 'a'", "message, traceback or env contains 'b'"]),
        ('"a  b"c', ["message, traceback or env contains 'a  b'", "message, traceback or env contains 'c'"]),
        (r'"a \"b\" \\ \n"', [r"""message, traceback or env contains 'a "b" \ \n'"""]),
        ("-timeout", ["neither message, traceback nor env contains 'timeout'"]),
        ("--timeout - -", [
            "neither message, traceback nor env contains '-timeout'",
            "message, traceback or env contains '-'",
            "message, traceback or env contains '-'",
        ]),
        (r"/a\/b c/i", [r"message, traceback or env matches /a\/b c/i"]),
        ("-/a/", ["neither message, traceback nor env matches /a/"]),
        ("level:error", ["level is ERROR"]),
        ("LEVEL:Warn,fatal", ["level is WARNING or CRITICAL"]),
        ("level:<=info,>error", ["level is DEBUG or INFO or CRITICAL"]),
        ("-level:>=warning", ["level is DEBUG or INFO"]),
        ("logger:a -logger:b", ["logger is 'a' or below it", "logger is not 'b' or below it"]),
        ("type:KeyError host:web-1", ["exception type is 'KeyError'", "host is 'web-1'"]),
        ('version:1 env.a.b:"x y"', ["seen in version '1'", "env value a.b is 'x y'"]),
        ("count:>10 count:<3 count:4 count:=4", [
            "count is at least 11", "count is at most 2", "count is 4", "count is 4",
        ]),
        ("-count:>=5 count:5..10", ["count is not at least 5", "count is 5 to 10"]),
        ("is:protected -is:regressed", ["it is protected", "it is not regressed"]),
        ("since:2026-01-31", ["last seen since 2026-01-31 00:00:00 UTC"]),
    ],
)  # fmt: skip
def test_a_query_means(written: str, sentences: list[str]) -> None:
    assert parse(written, now_ms=NOW).explain() == sentences


@pytest.mark.parametrize(
    ("written", "since_ms", "until_ms"),
    [
        ("since:2h", NOW - 2 * HOUR, None),
        ("since:1h30m until:10S", NOW - HOUR - HOUR // 2, NOW - 10_000),
        ("since:2h since:1h until:5m until:10m", NOW - HOUR, NOW - HOUR // 6),
        ("-since:1d", None, NOW - 24 * HOUR - 1),
        ("-until:1w", NOW - 7 * 24 * HOUR + 1, None),
        ("since:1970-01-02 until:1970-01-02", 24 * HOUR, 48 * HOUR - 1),
        ("since:1970-01-01T01:00", HOUR, None),
        ('since:"1970-01-01 01:00:00.5"', HOUR + 500, None),
        ("since:1970-01-01T01:00Z until:1970-01-01T03:00+01:00", HOUR, 2 * HOUR),
        ("since:1700000000000", 1_700_000_000_000, None),
    ],
)
def test_a_time_is_an_age_or_a_date_or_milliseconds(written: str, since_ms: int | None, until_ms: int | None) -> None:
    query = parse(written, now_ms=NOW)
    assert (query.since_ms, query.until_ms) == (since_ms, until_ms)


@pytest.mark.parametrize(
    ("written", "minimum", "maximum"),
    [
        ("count:>10", 11, None),
        ("count:>=10 count:12..20", 12, 20),
        ("count:<10", None, 9),
        ("count:7", 7, 7),
        ("-count:7", None, None),
    ],
)
def test_the_store_is_told_the_bounds_of_the_count(written: str, minimum: int | None, maximum: int | None) -> None:
    query = parse(written)
    assert (query.min_count, query.max_count) == (minimum, maximum)


def test_the_store_is_told_the_levels_that_all_terms_leave() -> None:
    assert parse("level:>=info -level:error level:<critical").levels == {20, 30}
    assert parse("level:error -level:error").levels == frozenset()


def test_the_store_is_told_the_flags() -> None:
    query = parse("is:protected -is:regressed")
    assert (query.flags_required, query.flags_forbidden) == ({"protected"}, {"regressed", "solved"})
    assert parse("is:solved").flags_forbidden == frozenset()


@pytest.mark.parametrize("written", ["level:error", "logger:a", "type:A", "count:>1", "is:solved", "since:1h"])
def test_what_the_entry_alone_decides_needs_no_env(written: str) -> None:
    assert not parse(written).needs_env


@pytest.mark.parametrize("written", ["word", "-word", "/x/", "host:a", "env.a:1", "version:1"])
def test_what_may_stand_in_env_needs_it(written: str) -> None:
    assert parse(written).needs_env


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ('a "b c', '"b c'),
        ('a "b\\"', '"b\\"'),
        ('a "" b', '""'),
        ("a /b c", "/b c"),
        ("a // b", "//"),
        ("a /b/x c", "x"),
        ("a -/b(c/ d", "b(c"),
        (r"a /b\y/ d", r"\y"),
        ("a foo:bar c", "foo:bar"),
        ("a -foo:bar c", "foo:bar"),
        ('a foo:"b c" d', 'foo:"b'),
        ("a level: b", "level:"),
        ('a level:"" b', '""'),
        ('a host:"b', '"b'),
        ("a level:error,bad b", "error,bad"),
        ("a -count:x b", "x"),
        ("a count:> b", ">"),
        ("a count:9..3 b", "9..3"),
        ("a count:1234567890123456 b", "1234567890123456"),
        ("a since:5 b", "5"),
        ("a since:2026-02-30 b", "2026-02-30"),
        ("a until:0001-01-01T00:00+99:00 b", "0001-01-01T00:00+99:00"),
        ("a is:new b", "new"),
        ("a env:b c", "env:"),
        ("a env.:b c", "env.:"),
        ("a /\ud800/ b", "\ud800"),
    ],
)
def test_a_mistake_has_its_place(written: str, place: str) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse(written)
    assert written[caught.value.start : caught.value.end] == place
    assert caught.value.reason


def test_an_unknown_field_is_answered_with_the_fields_and_a_way_out() -> None:
    with pytest.raises(QuerySyntaxError, match=r"no field 'foo'\. Fields are level, logger, .*put it in quotes"):
        parse("foo:bar")


def test_a_query_is_bounded_in_length_and_terms() -> None:
    assert parse("x" * 1_000).terms
    with pytest.raises(QuerySyntaxError, match="at most 1,000 characters; this one has 1,001"):
        parse("x" * 1_001)
    assert len(parse("x " * 50).terms) == 50
    with pytest.raises(QuerySyntaxError, match="at most 50 terms") as caught:
        parse("x " * 51)
    assert caught.value.start == 100


def test_equal_queries_are_equal_and_can_be_keys() -> None:
    written = 'word "a b" /r/i level:error host:a count:1 is:solved'
    assert len({parse(written), parse(written), parse(written + " x")}) == 2


PIECES = (
    *'-"/\\:*.,><=()[]{}|^$+? \n\t\0\x1c\x85\u00a0\u2028\ufeff\ud800\U0001f600éİKſß\u0301x0',
    *(
        "level:",
        "logger:",
        "env.",
        "env.a:",
        "count:",
        "since:",
        "is:",
        "..",
        "/i",
        "error",
        "2h",
        "(?i)",
        r"\Q",
        "[[:",
    ),
)


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_a_query_or_a_mistake_with_a_place(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(300):
        written = "".join(chance.choices(PIECES, k=chance.randint(1, 25)))
        query = understood(written)
        if isinstance(query, QuerySyntaxError):
            assert 0 <= query.start < query.end <= len(written), written
        else:
            assert len(query.explain()) == len(query.parts), written
            query.highlights(written)
            hash(query)


def understood(written: str) -> Query | QuerySyntaxError:
    try:
        return parse(written)
    except QuerySyntaxError as error:
        return error
