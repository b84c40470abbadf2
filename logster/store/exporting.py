"""Reads a whole namespace as the lines of an archive, in pieces that never hold Redis for long."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Literal

import logster
from logster.entry import LEVELS
from logster.store import archive, packing
from logster.store.archive import (
    FORMAT,
    ArchivedEntry,
    ArchivedMark,
    Change,
    Counters,
    End,
    Header,
    History,
    Pattern,
    Record,
    Timeline,
)
from logster.store.connection import Command
from logster.store.filter import CODE
from logster.store.schema import SCHEMA
from logster.store.tenant import Tenant

_KEYS_A_CALL = 100
_LENGTH_MS = {"hour": packing.HOUR_MS, "minute": packing.MINUTE_MS}


def records(tenant: Tenant) -> Iterator[Record]:
    """Yield all that a namespace keeps; each entry as it is at one moment, and once.

    An entry that is reported meanwhile may be given as it was before or after. The keys of entries are remembered
    until the end, nothing else.
    """
    namespace = tenant.keys.namespace
    yield Header(FORMAT, SCHEMA, namespace, int(time.time() * 1_000), logster.__version__)
    yield from patterns(tenant)
    seen: set[bytes] = set()
    for keys in _keys(tenant, seen):
        yield from entries(tenant, keys)
    yield from _marks(tenant, seen)
    yield from _timelines(tenant)
    counts, changes = tenant.run_all([["HGETALL", tenant.keys.counters], ["LRANGE", tenant.keys.history, 0, -1]])
    if changes:
        yield History([_change(line) for line in changes])
    if counts:
        yield Counters({name.decode(): int(count) for name, count in counts.items()})
    yield End(len(seen))


def patterns(tenant: Tenant) -> Iterator[Pattern]:
    """Yield the patterns in the order in which they are asked, and the hits of rules that apps have in their code."""
    kinds: tuple[Literal["suppression", "grouping"], ...] = ("suppression", "grouping")
    names = [tenant.keys.pattern_hits, *map(tenant.keys.patterns, kinds)]
    counted, *stored = tenant.run_all([["HGETALL", name] for name in names])
    hits = {text.decode(): int(count) for text, count in counted.items()}
    for kind, found in zip(kinds, stored, strict=True):
        made = []
        for text, value in found.items():
            created, _, by = value.decode().partition("\t")
            count = hits.pop(text.decode(), 0) if kind == "suppression" else 0
            made.append(Pattern(kind, text.decode(), count, by=by, created_ms=int(created)))
        yield from sorted(made, key=lambda each: (each.created_ms, each.pattern))
    for text, count in sorted(hits.items()):
        if text.startswith(CODE):
            yield Pattern("suppression", text.removeprefix(CODE), count, "code")


def _change(line: bytes) -> Change:
    time_ms, kind, by, subject = line.decode("utf-8", "replace").split("\t", 3)
    return Change(int(time_ms), kind, by, subject)


def entries(tenant: Tenant, keys: Sequence[str]) -> Iterator[ArchivedEntry]:
    """Yield the records of those of `keys` that have an entry."""
    left = list(keys)
    while left:
        answers = tenant.run("export", *left)
        left = left[len(answers) :]
        yield from (packing.record_of(each) for each in answers if b"level" in each[1][::2])


def _keys(tenant: Tenant, seen: set[bytes]) -> Iterator[list[str]]:
    """Yield all keys of entries in chunks. The protected ones twice: some may lose or gain protection meanwhile."""
    for command, name in (
        ("SSCAN", tenant.keys.protected),
        ("ZSCAN", tenant.keys.trimmable),
        ("SSCAN", tenant.keys.protected),
    ):
        for found in scanned(tenant, command, name):
            new = [key for key in dict.fromkeys(found) if key not in seen]
            seen.update(new)
            yield from _chunks(new)


def scanned(tenant: Tenant, command: str, name: str) -> Iterator[list[bytes]]:
    """Yield the members of a set or sorted set in chunks; those there all the time at least once."""
    cursor = 0
    while True:
        cursor, found = tenant.run_all([[command, name, cursor, "COUNT", 250]])[0]
        yield [each[0] if isinstance(each, tuple) else each for each in found]
        if not int(cursor):
            return


def _chunks(keys: Sequence[bytes]) -> Iterator[list[str]]:
    waiting = iter(keys)
    while chunk := list(islice(waiting, _KEYS_A_CALL)):
        yield [key.decode() for key in chunk]


def _marks(tenant: Tenant, seen: set[bytes]) -> Iterator[ArchivedMark]:
    """Yield the marks of entries that are gone."""
    for found in scanned(tenant, "ZSCAN", tenant.keys.solved):
        alone = sorted(set(found) - seen)
        commands: list[Command] = []
        for key in alone:
            commands.append(["ZSCORE", tenant.keys.solved, key])
            commands.append(["HGET", tenant.keys.solved_versions, key])
        for key, (end, versions) in zip(alone, packing.by_twos(tenant.run_all(commands)), strict=True):
            if mark := packing.mark_of(end, versions):
                yield ArchivedMark(key.decode(), mark)


def _timelines(tenant: Tenant) -> Iterator[Timeline]:
    names = [(resolution, level) for resolution in _LENGTH_MS for level in LEVELS]
    answers = tenant.run_all([["HGETALL", tenant.keys.timeline(*name)] for name in names])
    for (resolution, level), counts in zip(names, answers, strict=True):
        length = _LENGTH_MS[resolution]
        if counts:
            buckets = sorted((int(bucket) * length, int(count)) for bucket, count in counts.items())
            yield Timeline(resolution, level, buckets)  # type: ignore[arg-type]


def lines(tenant: Tenant) -> Iterator[bytes]:
    """Yield a namespace as the lines of an archive."""
    return (archive.encode(record) for record in records(tenant))
