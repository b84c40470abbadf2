"""Who changed what in a namespace, as the scripts noted it."""

import msgspec

from logster.store.tenant import Tenant


class Change(msgspec.Struct, frozen=True):
    """One change: its `kind` is the name of the store's method, `by` is empty where nobody was named."""

    time_ms: int
    kind: str
    by: str
    subject: str


def history(tenant: Tenant, limit: int) -> list[Change]:
    """Return the newest changes, newest first."""
    if limit < 1:
        return []
    lines = tenant.run_all([["LRANGE", tenant.keys.history, 0, limit - 1]])[0]
    return [_change(line.decode("utf-8", "replace")) for line in lines]


def name(by: str) -> str:
    """Return who did something, as it can be noted."""
    return " ".join(by.split())[:100]


def _change(line: str) -> Change:
    time, kind, by, subject = line.split("\t", 3)
    return Change(int(time), kind, by, subject)
