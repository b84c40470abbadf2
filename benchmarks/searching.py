"""Searching: what a query costs that looks at every entry and finds nothing, and one that fills a page at once."""

from collections.abc import Callable, Iterator, Mapping

from benchmarks.bench import Bench
from benchmarks.row import Other, Row, at_least_times, at_most, at_most_times
from benchmarks.ruby_logster import REGEX_SEARCH_MS, TEXT_SEARCH_MS, ruby
from benchmarks.stopwatch import median_ms
from logster.search import parse

TEXT_MS = (8, 80, 800)
REGEX_MS = (15, 150, 1_500)
COMMON_MS = 5
NEAR = 1.5
_PAGE = 50
_TEXT = "zyxwvutsrq"
_COMMON = "UndefinedColumn"
_REGEX = r"/\d{4}[q-z]{9}\d/"
_REGEX_WITH_LITERAL = r"/zyxwvutsrq\d+/"


def text(bench: Bench, size: int) -> float:
    """Return the milliseconds of a search for a word that is nowhere."""
    return _search_ms(bench, size, _TEXT)


def common(bench: Bench, size: int) -> float:
    """Return the milliseconds of the first page of a word that is everywhere."""
    return _search_ms(bench, size, _COMMON)


def regex(bench: Bench, size: int) -> float:
    """Return the milliseconds of a search for an expression that is nowhere, and that requires no literal."""
    return _search_ms(bench, size, _REGEX)


def regex_with_literal(bench: Bench, size: int) -> float:
    """Return the milliseconds of a search for an expression that requires a literal which is nowhere."""
    return _search_ms(bench, size, _REGEX_WITH_LITERAL)


def text_rows(bench: Bench) -> Iterator[Row]:
    """Words."""
    yield from _rows(bench, "text search without match", text, TEXT_MS, TEXT_SEARCH_MS)
    for size in bench.sizes:
        yield Row(f"first page of a common word, of {size:,}", bench.at(size, common), "ms", (at_most(COMMON_MS),))


def regex_rows(bench: Bench) -> Iterator[Row]:
    """Regular expressions."""
    yield from _rows(bench, "regex search without match", regex, REGEX_MS, REGEX_SEARCH_MS)
    for size in bench.sizes:
        other = Other("the text search", bench.at(size, text))
        what = f"regex that requires a literal, of {size:,}"
        yield Row(what, bench.at(size, regex_with_literal), "ms", (at_most_times(NEAR),), other)


def _rows(
    bench: Bench,
    what: str,
    measure: Callable[[Bench, int], float],
    limits: tuple[int, ...],
    theirs: Mapping[int, float],
) -> Iterator[Row]:
    for size, limit in zip(bench.sizes, limits, strict=True):
        found = theirs.get(size)
        other = ruby(found, "ms") if found else None
        bars = (at_most(limit), at_least_times(20)) if measure is text else (at_most(limit),)
        yield Row(f"{what}, of {size:,}", bench.at(size, measure), "ms", bars, other)


def _search_ms(bench: Bench, size: int, words: str) -> float:
    store, query = bench.corpus(size).store, parse(words)
    # Long ones need no repeating: they are long enough to be measured.
    times = bench.times(max(3, min(15, 100_000 // size)))
    return bench.here(median_ms, call=lambda: store.page(query=query, limit=_PAGE), times=times)
