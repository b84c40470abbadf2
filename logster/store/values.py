"""Which values the fields of a search have, for people who type one: looks at the newest entries alone."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from logster.entry import LEVELS
from logster.store import codec
from logster.store.connection import Command
from logster.store.tenant import Tenant

FieldName = Literal["logger", "type", "host", "version"]

_ENTRIES_A_LEVEL = 100
_VALUES_AT_MOST = 200
_STORED = {"logger": "logger", "type": "type", "version": "versions"}


def values(tenant: Tenant, field: FieldName) -> list[str]:
    """Return the values of a field, the most common first; two round trips over a few hundred entries."""
    keys = _newest(tenant)
    if field == "host":
        counts = Counter(_hosts(tenant, keys))
    else:
        commands: list[Command] = [["HGET", tenant.keys.entry(key), _STORED[field]] for key in keys]
        answers = tenant.run_all(commands) if commands else []
        counts = Counter(line for answer in answers for line in _text(answer).splitlines() if line)
    return [value for value, _ in counts.most_common(_VALUES_AT_MOST)]


def _newest(tenant: Tenant) -> list[str]:
    names = [name(level) for level in LEVELS for name in (tenant.keys.recent, tenant.keys.grouped)]
    answers = tenant.run_all([["ZREVRANGE", name, 0, _ENTRIES_A_LEVEL - 1] for name in names])
    return [key.decode() for answer in answers for key in answer]


def _hosts(tenant: Tenant, keys: list[str]) -> Iterator[str]:
    commands: list[Command] = []
    for key in keys:
        commands += (["HGET", tenant.keys.entry(key), "env_base"], ["LRANGE", tenant.keys.env(key), 0, 0])
    answers = iter(tenant.run_all(commands) if commands else [])
    for base, samples in zip(answers, answers, strict=True):
        for env in codec.decode_envs(base, samples) if base else []:
            if isinstance(host := env.get("hostname"), str) and host:
                yield host


def _text(stored: Any) -> str:
    return stored.decode("utf-8", "replace") if stored else ""
