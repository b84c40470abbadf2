"""Writes reports: each one script, a batch one pipeline."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from logster.entry import Report
from logster.errors import StoreUnavailable
from logster.fingerprint import VERSION
from logster.settings import Settings
from logster.store import codec
from logster.store.connection import Command
from logster.store.script import Word
from logster.store.tenant import Tenant

_ROUNDS_AT_MOST = 4

Outcome = Literal["created", "merged", "regressed", "solved", "repeated", "refused"]


class ReportResult(msgspec.Struct, frozen=True):
    """What became of a report.

    It created the entry, was merged into it, brought a solved one back (regressed), was dropped as solved, or had
    been applied before (repeated). `count` is the entry's, 0 where nothing was counted.
    """

    key: str
    outcome: Outcome
    count: int


def report(reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> list[ReportResult]:
    """Apply reports in the order of each sender's sequence numbers, and return what became of each."""
    if not reports:
        return []
    for namespace in {each.latest.namespace for each in reports}:
        tenant(namespace).check()
    order = sorted(range(len(reports)), key=lambda i: reports[i].sequence)
    commands = dict(zip(order, _commands([reports[i] for i in order], tenant, settings), strict=True))
    results: list[ReportResult | None] = [None] * len(reports)
    connection = tenant(reports[0].latest.namespace).connection
    for _ in range(_ROUNDS_AT_MOST):
        for i, (outcome, count) in zip(commands, connection.run_all(list(commands.values())), strict=True):
            results[i] = ReportResult(reports[i].latest.key, outcome.decode(), count)
        # A report is refused when the one before it was not applied: its script was not loaded, which is mended by now.
        commands = {i: command for i, command in commands.items() if _is_refused(results[i])}
        if not commands:
            return [each for each in results if each]
    raise StoreUnavailable("Redis kept refusing a batch of reports because it lost the scripts again and again.")


def _is_refused(result: ReportResult | None) -> bool:
    return result is not None and result.outcome == "refused"


def _commands(reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> list[Command]:
    applied: dict[tuple[str, str], int] = {}
    commands = []
    for each in reports:
        namespace = each.latest.namespace
        after = applied.get((namespace, each.sender), -1)
        applied[namespace, each.sender] = each.sequence
        commands.append(_command(each, after, tenant(namespace), settings))
    return commands


def _command(report: Report, after: int, tenant: Tenant, settings: Settings) -> Command:
    latest = report.latest
    return tenant.call(
        "report",
        *_samples(report, settings.max_env_count_per_entry),
        key=latest.key,
        level=latest.level,
        logger=latest.logger,
        message=latest.message,
        message_text=latest.message.lower(),
        first_message=report.first_message,
        template=latest.template,
        exception_type=latest.exception_type,
        location=codec.encode_location(latest.location),
        details=codec.encode_details(latest),
        text=codec.search_text(latest),
        source=latest.source,
        version=codec.encode_version(latest.version),
        count=report.count,
        first=report.first_ms,
        last=report.last_ms,
        fingerprint_version=VERSION,
        max_backlog=settings.max_backlog,
        max_age_ms=settings.max_age_seconds * 1_000,
        max_env=settings.max_env_count_per_entry,
        sender=report.sender,
        sequence=report.sequence,
        after=after,
    )


def _samples(report: Report, at_most: int) -> list[Word]:
    words: list[Word] = []
    for time, env in report.envs[-at_most:] if at_most else ():
        words += (time, codec.encode_env(env))
    return words
