"""A source map is read as ecma426 reads it, in little memory; garbage is refused, whatever it is."""

import json
import sys
from array import array
from typing import Any

import ecma426
import pytest
from ecma426.model import Mapping
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from logster.capture.mappings import BrokenMap
from logster.capture.source_map import Original, SourceMap, lines_of

ROOM = 1_000_000
CALM = limits(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def made(**fields: Any) -> SourceMap:
    regular = {"version": 3, "sources": [], "names": [], "mappings": ""}
    return SourceMap(json.dumps(regular | fields).encode(), ROOM)


def encoded(*mappings: tuple[Any, ...], **fields: Any) -> dict[str, Any]:
    """Return a map with mappings of line, column, source, line, column and name, all counted from 0."""
    return ecma426.encode([Mapping(*each) for each in mappings]) | fields


def small_numbers(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, most)


@st.composite
def mappings(draw: st.DrawFn) -> list[Mapping]:
    """Mappings of places that are all different, some of which lead nowhere."""
    places = draw(st.sets(st.tuples(small_numbers(5), small_numbers(300)), max_size=40))
    found = []
    for line, column in sorted(places):
        source = draw(st.sampled_from(["", "a.js", "b.js", "c.js"]))
        if source:
            name = draw(st.sampled_from([None, "pay", "total", "Basket"]))
            found.append(Mapping(line, column, source, draw(small_numbers(2**20)), draw(small_numbers(2**20)), name))
        else:
            found.append(Mapping(line, column))
    return found


@CALM
@given(mappings(), st.lists(st.tuples(small_numbers(7), small_numbers(310)), max_size=20))
def test_it_is_read_as_ecma426_reads_it(tokens: list[Mapping], places: list[tuple[int, int]]) -> None:
    text = ecma426.encode(tokens)
    theirs, ours = ecma426.decode(text), SourceMap(json.dumps(text).encode(), ROOM)

    for line, column in [*places, *((each.generated_line, each.generated_column) for each in tokens)]:
        try:
            found = theirs.lookup_left(line, column)
        except IndexError:
            found = Mapping()
        original = ours.original(line + 1, column + 1)
        if not found.source:
            assert original is None
        else:
            assert original
            expected = (found.source, found.original_line + 1, found.original_column + 1, found.name or "")
            assert (ours.file(original.source), *original[1:]) == expected


@CALM
@given(st.binary(max_size=300))
def test_whatever_is_no_map_is_refused(data: bytes) -> None:
    with pytest.raises(BrokenMap):
        SourceMap(data, ROOM)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
VLQ = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/,;", max_size=80)


@limits(CALM, max_examples=300)
@given(
    st.fixed_dictionaries(
        {"version": st.just(3)},
        optional={
            "sources": JSON | st.lists(st.none() | st.text(max_size=20), max_size=4),
            "names": JSON | st.lists(st.text(max_size=5), max_size=4),
            "mappings": JSON | VLQ,
            "sourcesContent": JSON | st.lists(JSON, max_size=4),
            "sourceRoot": JSON,
            "sections": JSON,
            "debugId": JSON,
            "ignoreList": JSON | st.lists(st.integers(-3, 3), max_size=3),
        },
    ),
    small_numbers(4),
    small_numbers(100),
)
def test_what_is_nearly_a_map_is_refused_or_answers(fields: dict[str, Any], line: int, column: int) -> None:
    try:
        found = SourceMap(json.dumps(fields).encode(), ROOM)
    except BrokenMap:
        return
    original = found.original(line, column)
    if original is not None:
        found.file(original.source)
        found.lines(original.source)
        found.is_ignored(original.source)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"version": "3"},
        {"mappings": "AAAA"},  # there is no such source
        {"mappings": "AACAA", "sources": ["a"]},  # there is no such name
        {"mappings": "AA", "sources": ["a"]},
        {"mappings": "AADA", "sources": ["a"]},  # a line before the first
        {"mappings": "!", "sources": ["a"]},
        {"mappings": "g" * 200_000, "sources": ["a"]},
        {"mappings": "é", "sources": ["a"]},
        {"sources": "a"},
        {"sections": [{"offset": {"line": 0, "column": 0}}]},
        {"sections": [{"offset": {"line": -1, "column": 0}, "map": {"version": 3}}]},
        {"sections": [{"offset": {"line": at, "column": 0}, "map": {"version": 3}} for at in (3, 1)]},
        {
            "sections": [
                {"offset": {"line": 0, "column": 0}, "map": {"version": 3, "mappings": ";;;"}},
                {"offset": {"line": 1, "column": 0}, "map": {"version": 3}},
            ]
        },
    ],
)
def test_a_broken_map_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BrokenMap):
        made(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"mappings": "A," * 60_000 + "A"},
        {"mappings": ";" * 60_000},
        {"sections": [{"offset": {"line": 10**9, "column": 0}, "map": {"version": 3}}]},
        {"names": [""] * 30_000},
    ],
    ids=["mappings", "lines", "offset", "names"],
)
def test_a_map_that_would_take_much_memory_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(BrokenMap, match="source_maps_max_bytes"):
        made(**fields)


def test_its_size_is_about_what_it_takes() -> None:
    found = made(sources=["a.js"], mappings="AAAA" + ",CAAC" * 20_000, sourcesContent=["x" * 50_000])
    arrays = [each for each in vars(found._mappings).values() if isinstance(each, array)]
    assert sum(map(sys.getsizeof, arrays)) + 50_000 == pytest.approx(found.size, rel=0.3)


def test_sections_stand_where_their_offset_says() -> None:
    first = encoded((0, 0, "a.js", 0, 0, "one"), (1, 4, "a.js", 1, 0), sourcesContent=["first a"])
    second = encoded((0, 1, "b.js", 7, 0, "two"), (1, 2, "b.js", 8, 0), sourcesContent=["first b\nsecond b"])
    found = made(
        sections=[
            {"offset": {"line": 0, "column": 0}, "map": first},
            {"offset": {"line": 1, "column": 10}, "map": second},
        ]
    )

    assert found.original(1, 1) == Original(0, 1, 1, "one")
    assert found.original(2, 9) == Original(0, 2, 1, "")
    assert found.original(2, 11) is None  # the second has begun
    assert found.original(2, 12) == Original(1, 8, 1, "two")
    assert found.original(3, 3) == Original(1, 9, 1, "")
    assert found.file(1) == "b.js"
    assert found.lines(1) == ["first b", "second b"]


def test_mappings_in_any_order_are_found() -> None:
    # The columns 20, 10 and 15 of the first line, and of the second line 5.
    text = {"mappings": "oBAAA,VACA,KACA;KACA", "sources": ["a.js"]}
    found = made(**text)
    lines = [found.original(1, column) for column in (11, 15, 16, 21, 30)]
    assert [each and each.line for each in lines] == [2, 2, 3, 1, 1]
    assert found.original(1, 10) is None
    assert found.original(2, 6) == Original(0, 4, 1, "")


def test_only_what_begins_at_a_place_is_a_beginning() -> None:
    found = made(**encoded((0, 4, "a.js", 2, 3, "pay")))
    assert found.beginning(1, 5) == Original(0, 3, 4, "pay")
    assert found.beginning(1, 6) is None


@pytest.mark.parametrize(("line", "column"), [(0, 1), (-1, 1), (1, 0), (1, -5), (99, 1), (10**9, 10**9)])
def test_a_place_that_is_none_has_no_original(line: int, column: int) -> None:
    assert made(**encoded((0, 0, "a.js", 0, 0))).original(line, column) is None


@pytest.mark.parametrize("before", ["", ")]}'\n", "\ufeff"])
def test_what_servers_put_before_a_map_is_left_out(before: str) -> None:
    text = before + json.dumps(encoded((0, 0, "a.js", 0, 0)))
    assert SourceMap(text.encode(), ROOM).original(1, 1)


@pytest.mark.parametrize(
    ("root", "source", "path"),
    [
        (None, "../src/cart.ts", "src/cart.ts"),
        (None, "./cart.ts", "cart.ts"),
        (None, "../../node_modules/react/index.js", "node_modules/react/index.js"),
        (None, "webpack://shop/./src/cart.js?a1b2", "src/cart.js"),
        (None, "webpack:///./src/cart.js", "src/cart.js"),
        (None, "webpack:///../src/a/../cart.js", "src/cart.js"),
        (None, "webpack://shop/webpack/runtime/chunk", "webpack/runtime/chunk"),
        (None, "file:///home/ci/src/cart.ts", "/home/ci/src/cart.ts"),
        (None, "/srv/../../src/cart.ts", "/src/cart.ts"),
        (None, "https://cdn.example/lib.js", "https://cdn.example/lib.js"),
        ("src/", "cart.ts", "src/cart.ts"),
        ("webpack://shop", "./cart.ts", "cart.ts"),
        ("src", "/cart.ts", "/cart.ts"),
        (None, None, ""),
    ],
)
def test_a_source_is_named_without_what_depends_on_the_build(root: str | None, source: str | None, path: str) -> None:
    assert made(sources=[source], sourceRoot=root).file(0) == path


@pytest.mark.parametrize("name", ["debugId", "debug_id"])
def test_the_debug_id_is_read_in_either_spelling(name: str) -> None:
    assert made(**{name: "C5408C3A-41f1-4702-8eb0-065ca11a844e"}).debug_id == "c5408c3a41f147028eb0065ca11a844e"
    assert made(**{name: "x"}).debug_id == ""


@pytest.mark.parametrize("name", ["ignoreList", "x_google_ignoreList"])
def test_the_map_says_which_sources_are_not_the_apps(name: str) -> None:
    found = made(sources=["a.js", "b.js"], **{name: [1]})
    assert [found.is_ignored(0), found.is_ignored(1)] == [False, True]


@pytest.mark.parametrize("contents", [None, [], [None], [5], ["text", "of more sources"]])
def test_the_text_of_a_source_may_be_missing(contents: Any) -> None:
    found = made(sources=["a.js"], sourcesContent=contents)
    assert found.lines(0) == (["text"] if contents and "text" in contents else [])


def test_lines_end_where_javascript_says() -> None:
    assert lines_of("a\r\nb\rc\nd\u2028e\u2029f\x0cg\x85h") == ["a", "b", "c", "d", "e", "f\x0cg\x85h"]
