"""Writes reports: each one script, a batch one pipeline. What patterns keep out is counted instead."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from logster import patterns
from logster.entry import Env, Report
from logster.errors import StoreUnavailable
from logster.fingerprint import VERSION
from logster.recall import Recall
from logster.settings import Settings
from logster.store import codec, grouping, rates
from logster.store.connection import Command
from logster.store.frames import Stack
from logster.store.script import Word
from logster.store.tenant import Tenant

_ROUNDS_AT_MOST = 10

# The same env comes up as often as nothing but `bind()` adds to it.
_encoded_env = Recall(codec.encode_env, 100)
_env_text = Recall(codec.env_text, 100)

# The stack that came with a report is stored then; after a repeat most likely, since an entry like it has it.
_TAKEN = (b"created", b"merged", b"regressed")

Outcome = Literal["created", "merged", "regressed", "solved", "suppressed", "repeated", "refused", "stale"]


class Call(NamedTuple):
    """The call that applies a report, and the stack that its entry shares, or would were it new."""

    command: Command
    stack: Stack | None = None


class ReportResult(msgspec.Struct, frozen=True):
    """What became of a report.

    It created the entry, was merged into it, brought a solved one back (regressed), was dropped as solved, was kept
    out by a pattern (suppressed), or had been applied before (repeated). `count` is the entry's, 0 where nothing was
    counted.
    """

    key: str
    outcome: Outcome
    count: int


def report(reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> list[ReportResult]:
    """Apply reports in the order of each sender's sequence numbers, and return what became of each."""
    if not reports:
        return []
    order = sorted(range(len(reports)), key=lambda i: reports[i].sequence)
    connection = tenant(reports[0].latest.namespace).connection
    results: list[ReportResult | None] = [None] * len(reports)
    left = order
    for _ in range(_ROUNDS_AT_MOST):
        commands = dict(zip(order, commands_for([reports[i] for i in order], tenant, settings), strict=True))
        asked = list(rates.questions(reports, tenant))
        answers = connection.run_all([commands[i].command for i in left] + [command for _, _, command in asked])
        for i, (outcome, count) in zip(left, answers, strict=False):
            results[i] = ReportResult(reports[i].latest.key, outcome.decode(), count)
            if outcome in _TAKEN and (stack := commands[i].stack):
                tenant(reports[i].latest.namespace).sharing.take_for_stored(stack)
        for (namespace, watch, _), (rate, is_first) in zip(asked, answers[len(left) :], strict=True):
            if is_first:
                rates.answer(namespace, watch, int(rate))
        for namespace in {reports[i].latest.namespace for i in left if _is(results[i], "stale")}:
            tenant(namespace).learn()
            tenant(namespace).sharing.doubt()
        # A report is refused when the one before it was not applied: its patterns were stale, or its script was not
        # loaded, which is mended by now.
        left = [i for i in left if _is(results[i], "refused") or _is(results[i], "stale")]
        if not left:
            return [each for each in results if each]
    raise StoreUnavailable("Redis kept refusing a batch of reports: each time scripts were lost or patterns changed.")


def _is(result: ReportResult | None, outcome: Outcome) -> bool:
    return result is not None and result.outcome == outcome


def commands_for(reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> list[Call]:
    """Return the calls that apply reports; each is refused unless the one before it of its sender was applied."""
    applied: dict[tuple[str, str], int] = {}
    commands = []
    for each in reports:
        namespace = each.latest.namespace
        tenant(namespace).check()
        after = applied.get((namespace, each.sender), -1)
        applied[namespace, each.sender] = each.sequence
        commands.append(_call(each, after, tenant(namespace), settings))
    return commands


def _call(report: Report, after: int, tenant: Tenant, settings: Settings) -> Call:
    latest = report.latest
    raised = patterns.raised(latest)
    filter_ = tenant.filter
    subject = patterns.subject(latest.message, raised)
    admission: dict[str, Word] = {
        "patterns_version": filter_.version,
        "sender": report.sender,
        "sequence": report.sequence,
        "after": after,
    }
    if suppressed_by := filter_.suppressed_by(subject, lambda: latest.env):
        return Call(tenant.call("suppress", pattern=suppressed_by, count=report.count, **admission))
    pattern = filter_.grouped_by(subject)
    said = codec.encode(latest, tenant.sharing.meet)
    frames, bodies = tenant.sharing.to_send(said.stack) if said.stack else (b"", [])
    command = tenant.call(
        "report",
        *bodies,
        *_samples(report, settings.max_env_count_per_entry),
        key=latest.key,
        level=latest.level,
        logger=latest.logger,
        message=latest.message,
        message_text=codec.part(latest.message),
        first_message=report.first_message,
        template=latest.template,
        exception_type=latest.exception_type,
        location=codec.encode_location(latest.location, latest.exception),
        details=said.details,
        text=said.text,
        source=latest.source,
        version=codec.encode_version(latest.version),
        count=report.count,
        first=report.first_ms,
        last=report.last_ms,
        fingerprint_version=VERSION,
        max_backlog=settings.max_backlog,
        max_age_ms=settings.max_age_seconds * 1_000,
        max_env=settings.max_env_count_per_entry,
        raised=raised,
        group=grouping.name_of(pattern),
        pattern=pattern,
        watched=1 if rates.watches else "",
        stack=said.stack.id if said.stack else "",
        frames=frames,
        frame_words=len(bodies),
        env_text=_text_of_first(report, settings.max_env_count_per_entry),
        **admission,
    )
    return Call(command, said.stack)


def _samples(report: Report, at_most: int) -> list[Word]:
    words: list[Word] = []
    for time, env in _kept(report, at_most):
        words += (time, _encoded_env(env))
    return words


def _text_of_first(report: Report, at_most: int) -> bytes:
    kept = _kept(report, at_most)
    return _env_text(kept[0][1]) if kept else b""


def _kept(report: Report, at_most: int) -> Sequence[tuple[int, Env]]:
    return report.envs[-at_most:] if at_most else ()
