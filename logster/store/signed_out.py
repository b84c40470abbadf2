"""Sessions that were signed out: Redis keeps their ids until they would have ended by themselves."""

from logster.store.tenant import Tenant


def add(tenant: Tenant, session: str, seconds: int) -> None:
    """Remember for so many seconds that a session is over."""
    tenant.run_all([["SET", tenant.keys.signed_out(session), 1, "EX", seconds]])


def knows(tenant: Tenant, session: str) -> bool:
    """Return whether a session was signed out."""
    return bool(tenant.run_all([["EXISTS", tenant.keys.signed_out(session)]])[0])
