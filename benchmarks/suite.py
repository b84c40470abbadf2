"""Suite: every benchmark there is, in the order of the table; each is a line of it, or a few that belong together."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from benchmarks import caller, draining, growth, holding, importing, memory, pages, searching, sentry, serving
from benchmarks.bench import Bench
from benchmarks.row import Row


class Benchmark(NamedTuple):
    """A name to run it by, its group, and what measures it."""

    name: str
    group: str
    measure: Callable[[Bench], Iterable[Row]]


BENCHMARKS = (
    Benchmark("caller-plain", "caller", caller.plain),
    Benchmark("caller-exception", "caller", caller.exception),
    Benchmark("storm", "caller", caller.storm),
    Benchmark("kept-out", "caller", caller.kept_out),
    Benchmark("identical", "draining", draining.identical),
    Benchmark("identical-exceptions", "draining", draining.identical_exceptions),
    Benchmark("distinct", "draining", draining.distinct),
    Benchmark("zipf", "draining", draining.zipf),
    Benchmark("processes", "draining", draining.processes),
    Benchmark("commands", "draining", draining.commands),
    Benchmark("patterns", "draining", draining.patterns),
    Benchmark("newest-page", "pages", pages.newest_rows),
    Benchmark("older-page", "pages", pages.older_rows),
    Benchmark("text-search", "searching", searching.text_rows),
    Benchmark("regex-search", "searching", searching.regex_rows),
    Benchmark("memory", "memory", memory.rows),
    Benchmark("list-page", "serving", serving.list_rows),
    Benchmark("javascript", "serving", serving.javascript_rows),
    Benchmark("sentry", "serving", sentry.rows),
    Benchmark("import", "importing", importing.rows),
    Benchmark("growth", "growth", growth.rows),
    # It leaves no entries behind for others to read.
    Benchmark("hold", "holding", holding.rows),
)


def named(names: Iterable[str]) -> list[Benchmark]:
    """Return the benchmarks of some names, or of groups of them; all where none is given.

    Raises:
        LookupError: there is no such name.
    """
    wanted = list(names)
    known = {name for each in BENCHMARKS for name in (each.name, each.group)}
    if unknown := [name for name in wanted if name not in known]:
        raise LookupError(f"There is no benchmark {unknown[0]!r}. There are: {', '.join(sorted(known))}.")
    return [each for each in BENCHMARKS if not wanted or each.name in wanted or each.group in wanted]
