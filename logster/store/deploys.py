"""When each version of the app was first seen, as the report script noted it: the newest hundred."""

from logster.store.tenant import Tenant


def between(tenant: Tenant, since_ms: int, until_ms: int) -> list[tuple[int, str]]:
    """Return the versions that were first seen between two times, with when, oldest first."""
    found = tenant.run_all([["ZRANGEBYSCORE", tenant.keys.deploys, since_ms, until_ms, "WITHSCORES"]])[0]
    return [(int(time), version.decode("utf-8", "replace")) for version, time in found]
