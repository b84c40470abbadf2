"""The command: runs benchmarks, prints their table, and writes it where asked."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.bench import Bench
from benchmarks.row import Row
from benchmarks.server import Server
from benchmarks.suite import BENCHMARKS, named


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments name."""
    options = _options(arguments)
    try:
        chosen = named(options.names)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    rows: list[Row] = []
    with Server() as server:
        bench = Bench(server, quick=options.quick, profiling=options.profile)
        for each in chosen:
            bench.yardstick.look()
            start = time.monotonic()
            rows += each.measure(bench)
            print(f"{each.name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
        if options.profile:
            print(server.busiest(), file=sys.stderr)
        rows = [bench.yardstick.scaled(row) for row in rows]
        page = report.page(rows, bench)
        if options.write:
            report.draw(bench, options.write.with_suffix(".svg"))
    print(report.table(rows))
    if options.write:
        report.write(page, options.write)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = ", ".join(each.name for each in BENCHMARKS)
    groups = ", ".join(dict.fromkeys(each.group for each in BENCHMARKS))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"all by default. Groups: {groups}. Benchmarks: {names}"
    )
    parser.add_argument("--profile", action="store_true", help="print where the time went, in Python and in Redis")
    parser.add_argument("--quick", action="store_true", help="see that all runs, with sizes that say nothing")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this page, its plot beside it")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
