"""The command: runs benchmarks, prints their table, and writes it where asked."""

import argparse
import shutil
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.bench import Bench
from benchmarks.row import Row
from benchmarks.server import Server
from benchmarks.suite import BENCHMARKS, Benchmark, named
from benchmarks.table import table, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments name."""
    options = _options(arguments)
    try:
        chosen = named(options.names)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    with Server(options.server) as server:
        bench = Bench(server, quick=options.quick, profiling=options.profile)
        rows, failed = _measured(bench, chosen)
        if options.profile:
            print(server.busiest(), file=sys.stderr)
        print(table(rows))
        if failed:
            print(f"Failed, as said above: {', '.join(failed)}. Nothing was written.", file=sys.stderr)
            return 1
        if options.write:
            write(report.page(rows, bench), options.write, "bench")
            report.draw(bench, options.write.with_suffix(".svg"))
    return 0


def _measured(bench: Bench, chosen: Sequence[Benchmark]) -> tuple[list[Row], list[str]]:
    """Return the rows, and the names of the benchmarks that failed: one must not take the others' figures along."""
    rows: list[Row] = []
    failed: list[str] = []
    for each in chosen:
        bench.yardstick.look()
        start = time.monotonic()
        try:
            rows += each.measure(bench)
        except Exception:
            traceback.print_exc()
            failed.append(each.name)
        print(f"{each.name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    return [bench.yardstick.scaled(row) for row in rows], failed


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = ", ".join(each.name for each in BENCHMARKS)
    groups = ", ".join(dict.fromkeys(each.group for each in BENCHMARKS))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"all by default. Groups: {groups}. Benchmarks: {names}"
    )
    parser.add_argument("--profile", action="store_true", help="print where the time went, in Python and in Redis")
    parser.add_argument("--quick", action="store_true", help="see that all runs, with sizes that say nothing")
    parser.add_argument("--server", type=_program, metavar="PROGRAM", help="measure this one, such as redis-server")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this page, its plot beside it")
    return parser.parse_args(arguments)


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise argparse.ArgumentTypeError(f"there is no program {name}")
    return Path(found)


if __name__ == "__main__":
    sys.exit(main())
