"""When each version of the app was first seen, as the report script noted it: the newest hundred."""

from typing import Any

from logster.store.question import Question
from logster.store.script import Word
from logster.store.tenant import Tenant

Deploys = list[tuple[int, str]]


def between(tenant: Tenant, since_ms: int, until_ms: int | None = None) -> Question[Deploys]:
    """Ask for the versions that were first seen between two times, with when, oldest first."""
    until: Word = "+inf" if until_ms is None else until_ms
    return Question([["ZRANGEBYSCORE", tenant.keys.deploys, since_ms, until, "WITHSCORES"]], _deploys)


def _deploys(answers: list[Any]) -> Deploys:
    return [(int(time), version.decode("utf-8", "replace")) for version, time in answers[0]]
