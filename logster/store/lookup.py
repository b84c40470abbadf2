"""Finds entries by the beginning of their key, for people who type it."""

from logster.store.exporting import scanned
from logster.store.tenant import Tenant


def keys_starting(tenant: Tenant, prefix: str, limit: int) -> list[str]:
    """Return keys of entries that start with `prefix`, in order, and no more than `limit`."""
    found: set[str] = set()
    for command, name in (("ZSCAN", tenant.keys.trimmable), ("SSCAN", tenant.keys.protected)):
        for keys in scanned(tenant, command, name):
            found.update(key.decode() for key in keys if key.startswith(prefix.encode()))
            if len(found) > limit:
                return sorted(found)[:limit]
    return sorted(found)
