"""Memory: what one distinct entry takes in Redis, its search text included."""

from collections.abc import Iterator
from functools import partial

from benchmarks import workload
from benchmarks.bench import Bench
from benchmarks.row import Row, at_most
from benchmarks.ruby_logster import MEMORY, MEMORY_WITH_50_ENVS, ruby
from logster.settings import Settings
from logster.store.redis_store import RedisStore

_ENTRIES_A_CALL = 50


def per_entry(bench: Bench, size: int) -> float:
    """Return the bytes of an entry among so many."""
    return bench.corpus(size).bytes_per_entry


def rows(bench: Bench) -> Iterator[Row]:
    """Entries of one program, each with a stack that no other has; and such that have no line in common either."""
    what = f"memory per distinct entry, {workload.FRAMES} frames of five source lines"
    count = bench.times(1_000, 20)
    used = _bytes(bench, count, envs=1)
    yield Row(what, used, "bytes", (at_most(6_400),), ruby(MEMORY, "bytes"), "theirs keeps no source lines")
    used = _bytes(bench, bench.times(400, 4), envs=50)
    yield Row("the same with 50 env samples", used, "bytes", (at_most(20_000),), ruby(MEMORY_WITH_50_ENVS, "bytes"))
    used = _bytes(bench, count, envs=1, is_one_program=False)
    yield Row("the same, each entry of another program", used, "bytes", (), ruby(MEMORY, "bytes"))


def _bytes(bench: Bench, count: int, *, envs: int, is_one_program: bool = True) -> float:
    settings = Settings(**bench.settings(max_backlog=count + 1))
    namespace = settings.current_namespace()
    store = RedisStore(settings)
    report = partial(workload.report, namespace, stacks=count + 1, envs=envs, is_one_program=is_one_program)
    # What there is once for all of them is no entry's.
    store.report([report(count, count)])
    before = bench.server.memory()
    for start in range(0, count, _ENTRIES_A_CALL):
        numbers = range(start, min(start + _ENTRIES_A_CALL, count))
        store.report([report(each, count) for each in numbers])
    used = (bench.server.memory() - before) / count
    store.clear()
    store.close()
    return used
