"""Remains: what can still be known of an entry that is gone: its solved mark, who changed it, its deletion."""

import time

import msgspec

from logster.entry import ExceptionInfo, Frame
from logster.store import trash
from logster.store.history import Change, history
from logster.store.tenant import Tenant

_CHANGES = 100


class Solved(msgspec.Struct, frozen=True):
    """Until when an entry stays solved, and in which versions; none where no version was known."""

    until_ms: int
    versions: tuple[str, ...] = ()


class Deleted(msgspec.Struct, frozen=True):
    """What a deletion took, which its token brings back; `others` counts what else comes back with it."""

    token: str
    time_ms: int
    others: int
    level: int
    logger: str
    message: str
    count: int
    first_seen: int
    last_seen: int
    exception: ExceptionInfo | None = None
    location: Frame | None = None


class Remains(msgspec.Struct, frozen=True):
    """What is known of an entry that is gone.

    `changes` are those made to it alone, newest first; `cleared` is when the whole log was cleared last.
    """

    solved: Solved | None = None
    deleted: Deleted | None = None
    changes: tuple[Change, ...] = ()
    cleared: Change | None = None


def remains(tenant: Tenant, key: str) -> Remains:
    """Return what is known of a key under which there is no entry."""
    changes = history(tenant, _CHANGES)
    return Remains(
        solved=_solved(tenant, key),
        deleted=_deleted(tenant, key),
        changes=tuple(each for each in changes if each.subject == key),
        cleared=next((each for each in changes if each.kind == "clear"), None),
    )


def _solved(tenant: Tenant, key: str) -> Solved | None:
    until, versions = tenant.run_all([["ZSCORE", tenant.keys.solved, key], ["HGET", tenant.keys.solved_versions, key]])
    if until is None or float(until) < time.time() * 1_000:
        return None
    lines = (versions or b"").decode("utf-8", "replace").split("\n")
    return Solved(int(float(until)), tuple(line for line in lines if line))


def _deleted(tenant: Tenant, key: str) -> Deleted | None:
    found = trash.kept(tenant, key)
    if found is None:
        return None
    entry = found.entry
    return Deleted(
        token=found.token,
        time_ms=found.time_ms,
        others=found.others,
        level=entry.level,
        logger=entry.logger,
        message=entry.message,
        count=entry.count,
        first_seen=entry.first_seen,
        last_seen=entry.last_seen,
        exception=entry.exception,
        location=entry.location,
    )
