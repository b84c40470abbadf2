"""Finds entries by the beginning of their key, for people who type it."""

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
