"""Clears a namespace of what is not protected, in pieces that never hold Redis for long. Decisions stay."""

from logster.entry import LEVELS
from logster.store.tenant import Tenant

_ENTRIES_A_CALL = 3


def clear(tenant: Tenant) -> int:
    """Remove the unprotected entries and the overall timeline, and return how many entries there were.

    No more are removed than there were at the start, so that a storm of new reports cannot keep this going.
    """
    there = remaining = int(tenant.run_all([["ZCARD", tenant.keys.trimmable]])[0])
    while remaining > 0:
        limit = min(remaining, _ENTRIES_A_CALL)
        removed = int(tenant.run("clear", limit=limit))
        remaining -= removed
        if removed < limit:
            break
    timelines = [tenant.keys.timeline(resolution, level) for resolution in ("hour", "minute") for level in LEVELS]
    tenant.run_all([["UNLINK", *timelines], ["PUBLISH", tenant.keys.events, '{"kind":"clear"}']])
    return there - remaining
