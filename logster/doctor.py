"""Examines whether Redis is fit to keep a log: one finding for each thing that can be wrong, and what to do about it.

Owns what counts as fit. Prints nothing, changes nothing but a key of its own that expires.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec
from redis.exceptions import RedisError

from logster.entry import Env
from logster.errors import LogsterError, StoreUnavailable
from logster.settings import Settings
from logster.store.connection import Connection
from logster.store.keys import Keys
from logster.store.schema import SCHEMA
from logster.store.tenant import Tenant

Status = Literal["ok", "warn", "fail", "note"]

OLDEST_VERSION = (6, 2)
_PINGS = 11
_SLOW_MS, _TOO_SLOW_MS = 10.0, 200.0
_CLOCK_SECONDS, _CLOCK_TOO_FAR_SECONDS = 2.0, 300.0
_FULL, _TOO_FULL = 0.9, 1.0


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and what to do where it is not well."""

    check: str
    status: Status
    text: str
    advice: str = ""


class _Patient:
    """The server, asked directly: what a Cluster answers is that of the node which keeps the namespace."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.keys = Keys(settings.current_namespace())
        self.connection = Connection(settings.redis_url, settings.redis_timeout_seconds)
        self._info: dict[str, Env] = {}

    def ask(self, *command: str | int) -> Any:
        with self.connection.errors():
            client = self.connection.client()
            if hasattr(client, "get_node_from_key"):
                return client.execute_command(*command, target_nodes=client.get_node_from_key(self.keys.schema))
            return client.execute_command(*command)

    def info(self, section: str) -> Env:
        """Return a section of INFO; empty where that is forbidden or unknown."""
        if section not in self._info:
            self._info[section] = self.tried("INFO", section) or {}
        return self._info[section]

    def tried(self, *command: str | int) -> Any:
        """Return the answer, or None where the command is forbidden or unknown."""
        try:
            return self.ask(*command)
        except (LogsterError, RedisError, NotImplementedError):
            return None


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what is found, one thing after the other; only the first where Redis is away."""
    patient = _Patient(settings)
    try:
        try:
            patient.ask("PING")
        except (LogsterError, RedisError) as error:
            yield Finding("reachable", "fail", str(error), "Start Redis, or correct LOGSTER_REDIS_URL.")
            return
        yield Finding("reachable", "ok", "Redis answers.")
        for check in _CHECKS:
            yield _checked(check, patient)
        yield Finding(
            "authorize",
            "note",
            "Only the app knows whether its viewer has `authorize`; without one it shows the log to nobody.",
            "Open the log in the app: a page that says it is closed means that `authorize` is missing.",
        )
    finally:
        patient.connection.close()


def is_fit(findings: list[Finding]) -> bool:
    """Return whether nothing failed."""
    return all(each.status != "fail" for each in findings)


def _checked(check: Callable[[_Patient], Finding], patient: _Patient) -> Finding:
    try:
        return check(patient)
    except (LogsterError, RedisError) as error:
        name = check.__name__.removeprefix("_")
        return Finding(name, "fail", str(error), "Look at what the server logged, and at the rights of this user.")


def _version(patient: _Patient) -> Finding:
    if patient.settings.redis_url == "memory://":
        return Finding("version", "note", "memory:// lives inside one process; it is for tests.")
    server = patient.info("server")
    name = "Valkey" if "valkey_version" in server else "Redis"
    shown = str(server.get("valkey_version") or server.get("redis_version") or "")
    if not shown:
        return Finding("version", "warn", "The server does not tell its version.", "Let this user call INFO.")
    if _number(str(server.get("redis_version", shown))) < OLDEST_VERSION:
        return Finding("version", "fail", f"{name} {shown} is too old.", "Upgrade to Redis 6.2 or newer, or Valkey.")
    return Finding("version", "ok", f"{name} {shown}")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _memory(patient: _Patient) -> Finding:
    memory = patient.info("memory")
    used, limit = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    if not limit:
        return Finding("memory", "ok", f"{_megabytes(used)} used, no limit set")
    text = f"{_megabytes(used)} of {_megabytes(limit)} used"
    advice = "Raise maxmemory, or lower LOGSTER_MAX_BACKLOG."
    if used >= limit * _TOO_FULL:
        return Finding("memory", "fail", f"{text}: new reports are refused", advice)
    return Finding("memory", "warn", text, advice) if used > limit * _FULL else Finding("memory", "ok", text)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _eviction(patient: _Patient) -> Finding:
    memory = patient.info("memory")
    policy = str(memory.get("maxmemory_policy", ""))
    if not policy:
        return Finding("eviction", "note", "The server does not tell its maxmemory-policy.")
    advice = "Set maxmemory-policy to noeviction, or give the log a Redis of its own."
    is_limited = bool(int(memory.get("maxmemory", 0)))
    if policy == "noeviction" or (policy.startswith("volatile") and not is_limited):
        return Finding("eviction", "ok", f"maxmemory-policy {policy}: no entry is evicted")
    if policy.startswith("volatile"):
        text = f"maxmemory-policy {policy} evicts no entry, but what keeps repeated reports from counting twice"
        return Finding("eviction", "warn", f"{text}, and what brings deleted entries back", advice)
    text = f"maxmemory-policy {policy} evicts entries"
    if is_limited:
        return Finding("eviction", "fail", f"{text} when memory is full", advice)
    return Finding("eviction", "warn", f"{text} once maxmemory is set", advice)


def _persistence(patient: _Patient) -> Finding:
    state = patient.info("persistence")
    advice = "Set appendonly yes, or save; otherwise the log is gone after a restart."
    if int(state.get("aof_enabled", 0)):
        is_well = state.get("aof_last_write_status", "ok") == "ok"
        return Finding("persistence", "ok", "append-only file") if is_well else _failed("append-only file")
    if state.get("rdb_last_bgsave_status", "ok") != "ok":
        return _failed("snapshot")
    saved = patient.tried("CONFIG", "GET", "save")
    if saved is None:
        return Finding("persistence", "note", "The server does not tell whether it keeps snapshots.", advice)
    if not saved.get("save"):
        return Finding("persistence", "warn", "The server keeps nothing on disk.", advice)
    return Finding("persistence", "ok", "snapshots")


def _failed(what: str) -> Finding:
    advice = "Look at the server's log, and whether its disk is full."
    return Finding("persistence", "fail", f"The last write of the {what} failed.", advice)


def _clock(patient: _Patient) -> Finding:
    before = time.time()
    seconds, microseconds = patient.ask("TIME")
    here = (before + time.time()) / 2
    difference = here - (int(seconds) + int(microseconds) / 1e6)
    text = f"This machine is {abs(difference):.1f} s {'ahead of' if difference > 0 else 'behind'} Redis."
    if abs(difference) < _CLOCK_SECONDS:
        return Finding("clock", "ok", text)
    status: Status = "fail" if abs(difference) > _CLOCK_TOO_FAR_SECONDS else "warn"
    return Finding("clock", status, text, "Let NTP set both clocks; last seen and the ages of entries depend on them.")


def _schema(patient: _Patient) -> Finding:
    found = patient.ask("GET", patient.keys.schema)
    if found is None:
        return Finding("schema", "ok", f"Namespace {patient.keys.namespace!r} is empty.")
    number = int(found)
    if number > SCHEMA:
        text = f"The data has form {number}; this Logster knows form {SCHEMA}."
        return Finding("schema", "fail", text, "Upgrade logster-web here, or use another namespace.")
    if number < SCHEMA:
        return Finding("schema", "note", f"The data has form {number}; `logster migrate` brings it to {SCHEMA}.")
    return Finding("schema", "ok", f"form {number}")


def _latency(patient: _Patient) -> Finding:
    took = statistics.median(_ping_ms(patient) for _ in range(_PINGS))
    text = f"{took:.1f} ms for an answer"
    advice = "Move Redis nearer, and look for slow commands with SLOWLOG GET."
    if took > _TOO_SLOW_MS:
        return Finding("latency", "fail", text, advice)
    return Finding("latency", "warn", text, advice) if took > _SLOW_MS else Finding("latency", "ok", text)


def _ping_ms(patient: _Patient) -> float:
    started = time.perf_counter()
    patient.ask("PING")
    return (time.perf_counter() - started) * 1_000


def _writable(patient: _Patient) -> Finding:
    try:
        patient.connection.run(["SET", patient.keys.doctor, "1", "EX", 10])
        Tenant(patient.connection, patient.keys.namespace, 0).run("unsolve")
        patient.connection.run(["UNLINK", patient.keys.doctor])
    except (StoreUnavailable, RedisError) as error:
        return Finding("writable", "fail", str(error), "Use the primary, with a user who may write and run scripts.")
    return Finding("writable", "ok", "Keys can be written, and scripts run.")


def _room(patient: _Patient) -> Finding:
    going, kept = patient.connection.run_all([["ZCARD", patient.keys.trimmable], ["SCARD", patient.keys.protected]])
    limit = patient.settings.max_backlog
    text = f"{int(going):,} of {limit:,} entries, and {int(kept):,} protected"
    if int(kept) > limit:
        return Finding("room", "warn", text, "Protected entries are never trimmed; unprotect or delete some.")
    return Finding("room", "ok", text)


_CHECKS = (
    *(_version, _memory, _eviction, _persistence, _clock, _schema, _latency),
    *(_writable, _room),
)
