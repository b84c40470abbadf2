"""Finds entries by their keys, many at once, or by the beginning of one, for people who type it."""

from collections.abc import Sequence

from logster.entry import Entry
from logster.store import codec
from logster.store.connection import Command
from logster.store.exporting import scanned
from logster.store.grouping import is_group
from logster.store.tenant import Tenant

_GROUP = "g-"


def keys_starting(tenant: Tenant, prefix: str, limit: int) -> list[str]:
    """Return keys of entries, or of groups, that start with `prefix`, in order, and no more than `limit`."""
    if is_group(prefix):
        names = tenant.run_all([["SMEMBERS", tenant.keys.groups]])[0]
        return sorted(key for name in names if (key := _GROUP + name.decode()).startswith(prefix))[:limit]
    found: set[str] = set()
    for command, name in (("ZSCAN", tenant.keys.trimmable), ("SSCAN", tenant.keys.protected)):
        for keys in scanned(tenant, command, name):
            found.update(key.decode() for key in keys if key.startswith(prefix.encode()))
            if len(found) > limit:
                return sorted(found)[:limit]
    return sorted(found)


def entries(tenant: Tenant, keys: Sequence[str]) -> list[Entry]:
    """Return the entries of `keys` as a list shows them, those that there are, in one round trip."""
    commands: list[Command] = []
    for key in keys:
        commands += (["HMGET", tenant.keys.entry(key), *codec.LIST_FIELDS], ["LLEN", tenant.keys.env(key)])
    answers = tenant.run_all(commands) if commands else []
    found = zip(keys, answers[::2], answers[1::2], strict=True)
    return [codec.decode_entry(key, values, env_count) for key, values, env_count in found if values[0] is not None]
