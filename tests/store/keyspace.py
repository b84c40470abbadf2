"""Looks at all keys of a namespace, so that tests can tell what was left behind."""

from collections.abc import Collection

from logster.entry import LEVELS
from logster.store.address import Client
from logster.store.keys import Keys
from tests.store.reports import key_of

LISTS = ("trimmable", "protected", *(f"{kind}:{level}" for kind in ("recent", "solved") for level in LEVELS))


def names_in(client: Client, namespace: str) -> set[str]:
    """Return the names of all keys of a namespace, without its prefix."""
    prefix = Keys(namespace).prefix
    escaped = prefix.replace("[", "\\[")
    return {name.decode().removeprefix(prefix) for name in client.scan_iter(match=f"{escaped}*", count=1_000)}


def listed_in(client: Client, namespace: str) -> set[str]:
    """Return every entry key that any of the lists names."""
    prefix = Keys(namespace).prefix
    members: set[bytes] = set()
    for name in LISTS:
        kind = client.type(prefix + name)
        if kind == b"zset":
            members.update(client.zrange(prefix + name, 0, -1))
        elif kind == b"set":
            members.update(client.smembers(prefix + name))
    return {member.decode() for member in members}


def names_of(entries: Collection[int]) -> set[str]:
    """Return the names of the keys that entries with env samples have for themselves."""
    kinds = ("entry", "env", "timeline:hour:entry")
    return {f"{kind}:{key_of(number)}" for number in entries for kind in kinds}


def overall(*levels: int) -> set[str]:
    """Return the names of the keys that outlive the entries of some levels: the overall timelines and the schema."""
    return {"schema", *(f"timeline:{resolution}:{level}" for resolution in ("hour", "minute") for level in levels)}
