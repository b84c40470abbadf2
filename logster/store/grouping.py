"""Groups: rows that stand for all entries that one grouping pattern matches.

Owns the names of groups and who their members are. Where rows stand is for `scripts/shared/rows.lua`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from msgspec.structs import replace

from logster.entry import LEVELS, Entry, Frame, Group
from logster.store import codec
from logster.store.connection import Command
from logster.store.exporting import scanned
from logster.store.tenant import Tenant

SHOWN_MEMBERS = 100
_ROW = "g-"


@lru_cache(maxsize=1_024)
def name_of(pattern: str) -> str:
    """Return the name of the group of a pattern; empty for none."""
    return hashlib.sha1(pattern.encode(), usedforsecurity=False).hexdigest()[:32] if pattern else ""


def is_group(key: str) -> bool:
    """Return whether a row's key is that of a group."""
    return key.startswith(_ROW)


def row_of(pattern: str) -> str:
    """Return the key of the row of a pattern's group."""
    return _ROW + name_of(pattern)


def row(key: str, values: Sequence[Any], env_count: int, about: Sequence[Any], frames: Sequence[Frame] = ()) -> Entry:
    """Return a group's row: its newest member's, with what is true of all; `frames` are those that it shares."""
    pattern, occurrences, first, count, _, members = about
    newest = codec.decode_entry(key, values, env_count, frames)
    group = Group(pattern.decode(), int(count), [member.decode() for member in members])
    return replace(newest, count=int(occurrences), first_seen=int(float(first)), group=group)


def entry(tenant: Tenant, key: str) -> Entry | None:
    """Return a group with its newest member's exception and traceback; one that is solved shows its solved members."""
    name = tenant.keys.group(_name(key))
    commands: list[Command] = [
        ["HMGET", name, "pattern", "occurrences"],
        ["ZRANGE", f"{name}:first", 0, 0, "WITHSCORES"],
        *(["ZCARD", f"{name}:{each}"] for each in ("first", "solved")),
        *(_newest(f"{name}:{each}") for each in ("solved", *LEVELS)),
    ]
    about, first, count, count_solved, solved, *unsolved = tenant.run_all(commands)
    listed = _merged(unsolved) if count else _merged([solved])
    if about[0] is None or not listed:
        return None
    newest = listed[0].decode()
    values, env_count = tenant.run_all(
        [["HMGET", tenant.keys.entry(newest), *codec.ENTRY_FIELDS], ["LLEN", tenant.keys.env(newest)]]
    )
    if values[0] is None:
        return None
    frames = tenant.pool.frames(values[-1])
    whole = codec.decode_entry(newest, values, env_count, frames)
    occurrences = about[1] if count else whole.count
    earliest = first[0][1] if first else whole.first_seen
    return row(key, values, env_count, (about[0], occurrences, earliest, count or count_solved, newest, listed), frames)


def _newest(name: str) -> Command:
    return ["ZREVRANGE", name, 0, SHOWN_MEMBERS - 1, "WITHSCORES"]


def _merged(lists: Iterable[list[Any]]) -> list[bytes]:
    """Return the newest keys of several lists of keys and scores."""
    scored = sorted(((float(score), member) for member, score in chain.from_iterable(lists)), reverse=True)
    return [member for _, member in scored[:SHOWN_MEMBERS]]


def newest(tenant: Tenant, key: str) -> str:
    """Return the key of the entry that a row shows: its own, or that of the group's newest member."""
    if not is_group(key):
        return key
    found = entry(tenant, key)
    return found.group.members[0] if found and found.group else key


def members(tenant: Tenant, keys: Iterable[str], *, solved: bool = False) -> Iterator[str]:
    """Yield the keys of entries: for a group's those of its members, or of its solved ones; each as it comes up."""
    for key in keys:
        if not is_group(key):
            yield key
            continue
        name = tenant.keys.group(_name(key))
        chunks = scanned(tenant, "ZSCAN", f"{name}:{'solved' if solved else 'first'}")
        yield from dict.fromkeys(member.decode() for member in chain.from_iterable(chunks))


def _name(key: str) -> str:
    return key.removeprefix(_ROW)
