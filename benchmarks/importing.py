"""Importing: what a program that only logs pays once: the time of the import, and memory."""

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.row import Other, Row, at_most

_TIMES = 9

_PROGRAM = """
import logging, sys, time

def megabytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4_096 / 1e6

import redis
before, start = megabytes(), time.perf_counter()
{code}
print(1_000 * (time.perf_counter() - start), megabytes() - before)
"""

_HANDLER = "from logster import LogsterHandler\nlogging.getLogger().addHandler(LogsterHandler(redis_url={url!r}))"
_CLIENT = "client = redis.Redis.from_url({url!r})"
_REPORTED = "\nlogging.error('out of stock')\nlogging.getLogger().handlers[0].flush()"
_CONNECTED = "\nclient.ping()"


def rows(bench: Bench) -> Iterator[Row]:
    """The best of several: nothing makes an import faster than it is."""
    runs = bench.times(_TIMES)
    found = [_run(bench, _HANDLER) for _ in range(runs)]
    what = "import of logster with the handler only, over import redis"
    yield Row(what, min(time for time, _ in found), "ms", (at_most(60),))
    reported = [_run(bench, _HANDLER + _REPORTED) for _ in range(runs)]
    connected = [_run(bench, _CLIENT + _CONNECTED) for _ in range(runs)]
    other = Other("a redis client that has sent a PING", min(memory for _, memory in connected))
    yield Row("added memory per process, handler only", min(memory for _, memory in found), "MB", (at_most(8),))
    what = "added memory per process, once it has reported"
    yield Row(what, min(memory for _, memory in reported), "MB", (at_most(8),), other)


def _run(bench: Bench, code: str) -> tuple[float, float]:
    url = bench.settings()["redis_url"]
    program = _PROGRAM.format(code=code.format(url=url))
    # A program compiles its modules once, not each time that it starts.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=env)
    milliseconds, megabytes = map(float, done.stdout.split())
    return milliseconds, megabytes
