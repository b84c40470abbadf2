"""Deleted entries that can be brought back for a while. Owns how long and how much is kept for that."""

import secrets
import time
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from logster.errors import StoreUnavailable
from logster.store import archive, importing, packing
from logster.store.archive import ArchivedEntry
from logster.store.tenant import Tenant

KEPT_SECONDS = 600
_DELETIONS_AT_MOST = 10
_BYTES_AT_MOST = 2_000_000
_KEYS_A_CALL = 20
_TOKEN_BYTES = 12


class Kept(NamedTuple):
    """A deleted entry that can be brought back; `others` were deleted together with it, and come back with it."""

    token: str
    time_ms: int
    entry: ArchivedEntry
    others: int


def discard(tenant: Tenant, keys: Iterable[str]) -> tuple[int, str]:
    """Delete entries, and return how many there were, and the token that brings them back.

    The token is empty where there is nothing to bring back, or too much to keep.
    """
    lines: list[bytes] = []
    size = count = 0
    remaining = iter(keys)
    while chunk := list(islice(remaining, _KEYS_A_CALL)):
        while chunk:
            answers = tenant.run("discard", *chunk)
            chunk = chunk[len(answers) :]
            for each in answers:
                if b"level" not in each[1][::2]:
                    continue
                count += 1
                line = archive.encode(packing.record_of(each)) if size <= _BYTES_AT_MOST else b""
                size += len(line)
                lines.append(line)
    return count, _keep(tenant, b"".join(lines)) if 0 < size <= _BYTES_AT_MOST else ""


def restore(tenant: Tenant, token: str, max_env: int) -> list[str]:
    """Bring back what was deleted under a token, and return the keys; none where its time is over.

    What was reported meanwhile is added to what was there before.
    """
    taken = tenant.run("take", token=token)
    if taken is None:
        return []
    try:
        return _restored(tenant, taken, max_env)
    except StoreUnavailable:
        # It was taken, so that no second undo counts everything twice; let there be another try.
        tenant.run_all([["SET", tenant.keys.deleted(token), taken, "EX", KEPT_SECONDS]])
        raise


def kept(tenant: Tenant, key: str) -> Kept | None:
    """Return an entry that was deleted a short while ago, the newest deletion first."""
    for token in tenant.run_all([["LRANGE", tenant.keys.deletions, 0, -1]])[0]:
        name = tenant.keys.deleted(token.decode())
        content, left_ms = tenant.run_all([["GET", name], ["PTTL", name]])
        # A line is decoded only where it can be the one: there may be many, and long ones.
        if content is None or key.encode() not in content:
            continue
        lines = content.strip().split(b"\n")
        for number, line in enumerate(lines, 1):
            record = archive.decode(line, number) if key.encode() in line else None
            if isinstance(record, ArchivedEntry) and record.key == key:
                deleted_ms = int(time.time() * 1_000) - KEPT_SECONDS * 1_000 + left_ms
                return Kept(token.decode(), deleted_ms, record, len(lines) - 1)
    return None


def _restored(tenant: Tenant, taken: bytes, max_env: int) -> list[str]:
    records = [archive.decode(line, number) for number, line in enumerate(taken.strip().split(b"\n"), 1)]
    entries = [each for each in records if isinstance(each, ArchivedEntry)]
    tenant.run_all([importing.command(tenant, each, "merge", max_env) for each in entries])
    importing.regroup_if_any(tenant)
    tenant.run_all([["PUBLISH", tenant.keys.events, f'{{"kind":"restore","key":"{each.key}"}}'] for each in entries])
    return [each.key for each in entries]


def _keep(tenant: Tenant, lines: bytes) -> str:
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    keys = tenant.keys
    older = tenant.run_all(
        [
            ["SET", keys.deleted(token), lines, "EX", KEPT_SECONDS],
            ["LPUSH", keys.deletions, token],
            ["EXPIRE", keys.deletions, KEPT_SECONDS],
            ["LRANGE", keys.deletions, _DELETIONS_AT_MOST, -1],
            ["LTRIM", keys.deletions, 0, _DELETIONS_AT_MOST - 1],
        ]
    )[3]
    if older:
        tenant.run_all([["DEL", keys.deleted(each.decode())] for each in older])
    return token
