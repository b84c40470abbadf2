"""Servers: every test of the store behind Sentinel, whose primary is killed in the middle."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row, at_least, at_most

ROOT = Path(__file__).parents[1]
_LEAST_TESTS = 250


def behind_sentinel() -> Iterator[Row]:
    """Run the store's tests on each server that there is, and yield how many passed and failed."""
    yield from _rows("Valkey", [])
    if shutil.which("redis-server"):
        yield from _rows("Redis", ["--server", "redis-server"])


def _rows(name: str, options: list[str]) -> Iterator[Row]:
    command = [sys.executable, "-m", "pytest", "tests/store", "--ignore", "tests/store/test_embedded.py"]
    command += ["--sentinel", "-q", "--timeout", "300", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(done.stdout[-4_000:], file=sys.stderr)
    counted = {what: int(number) for number, what in re.findall(r"(\d+) (passed|failed|errors?)", done.stdout)}
    what = f"{name} behind Sentinel, its primary killed in the middle: tests of the store that"
    yield Row(f"{what} pass", counted.get("passed", 0), "", [at_least(_LEAST_TESTS)])
    yield Row(f"{what} fail", sum(counted.values()) - counted.get("passed", 0), "", [at_most(0)])
