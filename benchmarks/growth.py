"""Growth: how costs grow with the entries that there are, and with the processes that report."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks import holding, memory, pages, searching, serving
from benchmarks.bench import Bench
from benchmarks.draining import together
from benchmarks.row import Other, Row
from benchmarks.stopwatch import median_ms

_REPORTS = 100


class Curve(NamedTuple):
    """A cost at each of several sizes."""

    what: str
    unit: str
    points: dict[int, float]


def distinct_report(bench: Bench, size: int) -> float:
    """Return the milliseconds of reporting an entry into a backlog that is full."""
    corpus = bench.corpus(size)
    numbers = iter(range(size, 10 * size + 1_000, _REPORTS))
    times = bench.times(5)
    found = bench.here(median_ms, call=lambda: corpus.add(next(numbers), _REPORTS), times=times)
    return found / _REPORTS


# What changes entries comes after what reads them.
BY_ENTRIES: dict[str, tuple[str, Callable[[Bench, int], float]]] = {
    "newest page": ("ms", pages.newest),
    "level filter without match": ("ms", pages.without_match),
    "older page": ("ms", pages.older),
    "page as JSON": ("ms", serving.json_ms),
    "page as HTML": ("ms", serving.html_ms),
    "first page of a common word": ("ms", searching.common),
    "text search without match": ("ms", searching.text),
    "regex that requires a literal": ("ms", searching.regex_with_literal),
    "regex search without match": ("ms", searching.regex),
    "memory per entry": ("bytes", memory.per_entry),
    "report of a new entry": ("ms", distinct_report),
    "longest hold of Redis": ("ms", holding.longest),
}

BY_PROCESSES = (
    ("a report until drained", "µs"),
    ("a report, Redis's CPU time", "µs"),
    ("a report, the process's CPU time", "µs"),
    ("a report, the caller's CPU time", "µs"),
    ("newest page meanwhile", "ms"),
)


def rows(bench: Bench) -> Iterator[Row]:
    """Every cost at the largest size beside that at the smallest."""
    for curve in (*by_entries(bench), *by_processes(bench)):
        (first, least), *_, (last, most) = curve.points.items()
        yield Row(f"growth: {curve.what}, × {last // first}", most, curve.unit, (), Other("× 1", least))


def by_entries(bench: Bench) -> list[Curve]:
    """Return what grows with the entries."""
    return [
        Curve(what, unit, {size: bench.at(size, measure) for size in bench.sizes})
        for what, (unit, measure) in BY_ENTRIES.items()
    ]


def by_processes(bench: Bench) -> list[Curve]:
    """Return what grows with the processes that report at once: of what each of them does, the same all over."""
    found = {processes: _several(bench, processes) for processes in bench.processes}
    return [
        Curve(what, unit, {processes: values[index] for processes, values in found.items()})
        for index, (what, unit) in enumerate(BY_PROCESSES)
    ]


def _several(bench: Bench, processes: int) -> list[float]:
    known: list[float] | None = bench.remembered.get(("several", processes))
    if known is None:
        count = bench.times(16_000, 60)
        rounds = [together(bench, processes, count) for _ in range(bench.times(3))]
        figures = [(1e6 / each.rate, each.server_us, each.process_us, each.caller_us, each.page_ms) for each in rounds]
        known = bench.remembered["several", processes] = [min(values) for values in zip(*figures, strict=True)]
    return known
