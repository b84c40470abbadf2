"""Attempts to sign in, which Redis counts by address and minute, so that all processes share one limit."""

from logster.store.script import script
from logster.store.tenant import Tenant

_EXPIRE_SECONDS = 120


def allow(tenant: Tenant, address: str, limit: int, minute: int) -> bool:
    """Count one more attempt of an address; return whether it is within `limit`, and leave it uncounted otherwise."""
    arguments = {"limit": limit, "wanted": 1, "expire_seconds": _EXPIRE_SECONDS}
    counter = tenant.keys.attempts(address, minute)
    return int(tenant.run_all([script("lease_beacon").words([counter], [], arguments)])[0]) > 0


def forgive(tenant: Tenant, address: str, minute: int) -> None:
    """Take one attempt of an address as not made."""
    counter = tenant.keys.attempts(address, minute)
    tenant.run_all([script("return_beacon").words([counter], [], {"unused": 1})])
