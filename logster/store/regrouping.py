"""Groups what is stored anew after a grouping pattern changed, in pieces that never hold Redis for long.

A mark says that this is not finished; whoever reads the list and finds it takes over from one who went away.
"""

from collections.abc import Iterable

from logster import patterns
from logster.store import grouping
from logster.store.patterns import all_keys
from logster.store.script import Word
from logster.store.tenant import Tenant

_ENTRIES_A_CALL = 8


def regroup(tenant: Tenant) -> None:
    """Put every entry into the group that the patterns say; begun again where these change meanwhile."""
    while not (_walk(tenant) and tenant.run("end_regroup", patterns_version=tenant.filter.version)):
        tenant.learn()


def _walk(tenant: Tenant) -> bool:
    seen: set[bytes] = set()
    for keys in all_keys(tenant):
        new = [key for key in dict.fromkeys(keys) if key not in seen]
        seen.update(new)
        for start in range(0, len(new), _ENTRIES_A_CALL):
            if not _regroup(tenant, [key.decode() for key in new[start : start + _ENTRIES_A_CALL]]):
                return False
    return True


def _regroup(tenant: Tenant, keys: Iterable[str]) -> bool:
    """Group some entries, and return whether the patterns are still the same."""
    left = list(keys)
    while left:
        missed = tenant.run("regroup", *_members(tenant, left), patterns_version=tenant.filter.version)
        if missed == b"stale":
            return False
        left = [key.decode() for key in missed]
    return True


def _members(tenant: Tenant, keys: list[str]) -> list[Word]:
    """Return the words of regroup.lua for those entries that stand in another group than they belong to."""
    words: list[Word] = []
    answers = tenant.run_all([["HMGET", tenant.keys.entry(key), "message", "raised", "count", "group"] for key in keys])
    for key, (message, raised, count, group) in zip(keys, answers, strict=True):
        if count is None:
            continue
        subject = patterns.subject(_text(message), _text(raised))
        pattern = tenant.filter.grouped_by(subject)
        name = grouping.name_of(pattern)
        if name != _text(group):
            words += (key, count, name, pattern)
    return words


def _text(stored: bytes | None) -> str:
    return stored.decode("utf-8", "replace") if stored else ""
