"""Holding: for how long any one command keeps Redis from serving others, whatever is done to many entries.

All is done to a few copies of the same entries, one after the other. What else the machine does makes a command longer,
never shorter, so the quietest round counts for each of the things that are done.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from benchmarks import workload
from benchmarks.bench import Bench, Corpus
from benchmarks.row import Row, at_most
from benchmarks.ruby_logster import CLEAR_HOLDS_MS, ruby
from benchmarks.server import Held
from logster.search import parse
from logster.store.connection import Connection
from logster.store.redis_store import RedisStore

LIMIT_MS = 5
_ROUNDS = 3
# As long as what solves ten entries takes, and as often.
_COUNT = "for _ = 1, 250000 do end"
_COUNTS = 10_000

Act = Callable[[Corpus], object]


def longest(bench: Bench, size: int) -> float:
    """Return the milliseconds of the longest command of all."""
    return max(held.ms for held in _held(bench, size).values())


def rows(bench: Bench) -> Iterator[Row]:
    """What is done to the largest number of entries, one after the other."""
    size = bench.sizes[-1]
    bench.at(size, longest)
    for what, held in _held(bench, size).items():
        other = ruby(CLEAR_HOLDS_MS, "ms") if what == "clear" else None
        yield Row(
            f"longest hold of Redis at {size:,}: {what}", held.ms, "ms", (at_most(LIMIT_MS),), other, held.command
        )
    what = f"the same of a script that only counts, {_COUNTS:,} times: what the machine adds"
    yield Row(what, bench.remembered["control", size], "ms")
    yield Row(f"longest hold of Redis at {size:,}: anything", bench.at(size, longest), "ms", (at_most(LIMIT_MS),))


def _held(bench: Bench, size: int) -> dict[str, Held]:
    found = bench.remembered.get(("held", size))
    if found is None:
        rounds = [_measured(bench, bench.take_corpus(size)) for _ in range(bench.times(_ROUNDS))]
        bench.remembered["control", size] = _control(bench)
        quietest = {what: min((each[what] for each in rounds), key=lambda held: held.ms) for what in ACTS}
        found = bench.remembered["held", size] = quietest
    return found


def _measured(bench: Bench, corpus: Corpus) -> dict[str, Held]:
    found = {}
    for what, act in ACTS.items():
        with bench.server.watched() as longest:
            bench.here(act, corpus=corpus)
        found[what] = longest[0]
    corpus.close()
    return found


def _control(bench: Bench) -> float:
    """Return the milliseconds of the longest of many calls that all do the same, in the quietest round."""
    connection = Connection(bench.server.url, 30.0)
    longest = []
    for _ in range(bench.times(_ROUNDS)):
        with bench.server.watched() as held:
            for _ in range(bench.times(_COUNTS)):
                connection.run(["EVAL", _COUNT, 0])
        longest.append(held[0].ms)
    connection.close()
    return min(longest)


def _report(corpus: Corpus) -> None:
    # The backlog is full: each of them makes room for itself.
    corpus.add(corpus.size, max(corpus.size // 100, 1))


def _lower_backlog(corpus: Corpus) -> None:
    smaller = RedisStore(corpus.settings.with_changes(max_backlog=max(corpus.store.clearable()[0] * 19 // 20, 1)))
    smaller.report([workload.report(corpus.namespace, corpus.size * 2 + each, corpus.size * 2) for each in range(5)])
    smaller.close()


def _expire(corpus: Corpus) -> None:
    # Entries are of the last three days: a few of them are over that age.
    shorter = RedisStore(corpus.settings.with_changes(max_age_seconds=int(2.97 * 86_400)))
    shorter.page()
    shorter.close()


def _read(corpus: Corpus) -> None:
    page = corpus.store.page(limit=500)
    corpus.store.page(before=page.next, limit=500)
    corpus.store.count()
    corpus.store.clearable()
    for entry in page.entries[:5]:
        corpus.store.entry(entry.key)
        corpus.store.env_samples(entry.key)
    corpus.store.timeline(since_ms=page.entries[-1].last_seen - 3 * 86_400_000, until_ms=page.entries[0].last_seen)
    corpus.store.keys_starting("a")
    for field in ("logger", "type", "host", "version"):
        corpus.store.values(field)


def _search(corpus: Corpus) -> None:
    for words in ("zyxwvutsrq", r"/\d{4}[q-z]{9}\d/", "env.username:nobody", "UndefinedColumn", "level:debug"):
        corpus.store.page(query=parse(words))


def _group(corpus: Corpus) -> None:
    corpus.store.add_pattern("grouping", "/UndefinedColumn/")
    corpus.store.page()


def _ungroup(corpus: Corpus) -> None:
    corpus.store.remove_pattern("grouping", "/UndefinedColumn/")
    corpus.store.page()


def _solve_group(corpus: Corpus) -> None:
    row = corpus.store.page(limit=1).entries[0]
    corpus.store.solve([row.key])
    corpus.store.page(query=parse("is:solved"))


def _unsolve(corpus: Corpus) -> None:
    corpus.store.unsolve(_keys(corpus, limit=corpus.size // 2))


def _protect(corpus: Corpus) -> None:
    for key in _keys(corpus, limit=200):
        corpus.store.protect(key)
        corpus.store.unprotect(key)


def _delete(corpus: Corpus) -> None:
    corpus.store.delete(_keys(corpus, limit=corpus.size // 100))
    _, token = corpus.store.discard(_keys(corpus, limit=corpus.size // 300))
    corpus.store.restore(token)


def _preview(corpus: Corpus) -> None:
    corpus.store.preview("/UndefinedColumn/")
    corpus.store.add_pattern("suppression", "/12[0-9]$/")


def _delete_matching(corpus: Corpus) -> None:
    corpus.store.delete_matching("/12[0-9]$/")


def _export(corpus: Corpus) -> None:
    for _ in corpus.store.export():
        pass


def _clear(corpus: Corpus) -> None:
    corpus.store.clear()


def _keys(corpus: Corpus, *, limit: int) -> list[str]:
    return [workload.key_of(number) for number in islice(range(corpus.size - 1, -1, -1), max(limit, 1))]


ACTS: dict[str, Any] = {
    "report new entries into a full backlog": _report,
    "read pages, details, timeline, completions": _read,
    "search": _search,
    "export": _export,
    "group all by a new pattern": _group,
    "solve the group of all": _solve_group,
    "unsolve half of them": _unsolve,
    "remove the grouping pattern": _ungroup,
    "protect and unprotect": _protect,
    "delete, discard and restore": _delete,
    "preview and add a suppression pattern": _preview,
    "delete what it matches": _delete_matching,
    "lower the backlog by a twentieth": _lower_backlog,
    "expire by age": _expire,
    "clear": _clear,
}
