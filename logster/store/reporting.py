"""Writes reports: a few a script, a batch one pipeline. What patterns keep out is counted instead."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, NamedTuple

import msgspec

from logster import patterns
from logster.entry import Report
from logster.errors import StoreUnavailable
from logster.fingerprint import VERSION
from logster.recall import Recall
from logster.settings import Settings
from logster.store import codec, grouping, rates
from logster.store.connection import Command, Flight
from logster.store.frames import Stack
from logster.store.script import Word
from logster.store.tenant import Tenant

_ROUNDS_AT_MOST = 10
_REPORTS_A_CALL = 10
_WORDS_A_CALL = 800

# The same env comes up as often as nothing but `bind()` adds to it.
_encoded_env = Recall(codec.encode_env, 100)
_env_text = Recall(codec.env_text, 100)

# The stack that came with a report is stored then; after a repeat most likely, since an entry like it has it.
_TAKEN = (b"created", b"merged", b"regressed")

Outcome = Literal["created", "merged", "regressed", "solved", "suppressed", "repeated", "refused", "stale"]


class _Prepared(NamedTuple):
    """A report as a script takes it, the pattern that keeps it out if one does, and the stack that its entry shares."""

    tenant: Tenant
    words: list[Word]
    suppressed_by: str = ""
    stack: Stack | None = None


class Call(NamedTuple):
    """The call that applies some reports, and their places among those that were given."""

    command: Command
    places: list[int]


class ReportResult(msgspec.Struct, frozen=True, gc=False):
    """What became of a report.

    It created the entry, was merged into it, brought a solved one back (regressed), was dropped as solved, was kept
    out by a pattern (suppressed), or had been applied before (repeated). `count` is the entry's, 0 where nothing was
    counted.
    """

    key: str
    outcome: Outcome
    count: int


class Batch:
    """Reports on their way: made ready at once, then sent, then answered, so that other work can be done in between.

    They are applied in the order of each sender's sequence numbers.
    """

    def __init__(self, reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> None:
        self._reports = reports
        self._tenant = tenant
        self._settings = settings
        self._order = sorted(range(len(reports)), key=lambda i: reports[i].sequence)
        self._connection = tenant(reports[0].latest.namespace).connection
        self._asked = list(rates.questions(reports, tenant))
        self._results: list[ReportResult | None] = [None] * len(reports)
        self._flight: Flight | None = None
        self._make_ready(self._order)

    def send(self) -> None:
        """Send all; StoreUnavailable says that Redis is away, and then some may have been applied."""
        self._flight = self._connection.send([*(each.command for each in self._calls), *self._questions])

    def results(self) -> list[ReportResult]:
        """Wait for the answers, and return what became of each; StoreUnavailable as above."""
        for _ in range(_ROUNDS_AT_MOST):
            if self._flight is None:
                self.send()
            flight, self._flight = self._flight, None
            self._take(flight.answers() if flight else [])
            # A report is refused when the one before it was not applied: its patterns were stale, or its script was
            # not loaded, which is mended by now.
            left = [i for i in self._order if self._has(i, "refused") or self._has(i, "stale")]
            if not left:
                return [each for each in self._results if each]
            for namespace in {self._reports[i].latest.namespace for i in left if self._has(i, "stale")}:
                self._tenant(namespace).learn()
                self._tenant(namespace).sharing.doubt()
            self._make_ready(left)
        raise StoreUnavailable(
            "Redis kept refusing a batch of reports: each time scripts were lost or patterns changed."
        )

    @property
    def _questions(self) -> list[Command]:
        return [command for _, _, command in self._asked]

    def _make_ready(self, left: Sequence[int]) -> None:
        ready = _prepared([self._reports[i] for i in self._order], self._tenant, self._settings)
        self._prepared = dict(zip(self._order, ready, strict=True))
        self._calls = list(_calls({i: self._prepared[i] for i in left}, self._settings))

    def _take(self, answers: Sequence[Any]) -> None:
        for call, answer in zip(self._calls, answers, strict=False):
            for i, (outcome, count) in zip(call.places, answer, strict=True):
                self._results[i] = ReportResult(self._reports[i].latest.key, outcome.decode(), count)
                if outcome in _TAKEN and (stack := self._prepared[i].stack):
                    self._prepared[i].tenant.sharing.take_for_stored(stack)
        for (namespace, watch, _), (rate, is_first) in zip(self._asked, answers[len(self._calls) :], strict=True):
            if is_first:
                rates.answer(namespace, watch, int(rate))

    def _has(self, place: int, outcome: Outcome) -> bool:
        result = self._results[place]
        return result is not None and result.outcome == outcome


def report(reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> list[ReportResult]:
    """Apply reports in the order of each sender's sequence numbers, and return what became of each."""
    return Batch(reports, tenant, settings).results() if reports else []


def calls_for(reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> list[Call]:
    """Return the calls that apply reports; each is refused unless the one before it of its sender was applied."""
    return list(_calls(dict(enumerate(_prepared(reports, tenant, settings))), settings))


def _prepared(reports: Sequence[Report], tenant: Callable[[str], Tenant], settings: Settings) -> Iterator[_Prepared]:
    applied: dict[tuple[str, str], int] = {}
    for each in reports:
        namespace = each.latest.namespace
        tenant(namespace).check()
        after = applied.get((namespace, each.sender), -1)
        applied[namespace, each.sender] = each.sequence
        yield _prepare(each, after, tenant(namespace), settings.max_env_count_per_entry)


def _calls(prepared: Mapping[int, _Prepared], settings: Settings) -> Iterator[Call]:
    """Yield as few calls as do not hold Redis for long: what a call costs is much of what one report costs."""
    together: list[int] = []
    words = 0
    for place, each in prepared.items():
        before = prepared[together[-1]] if together else None
        is_full = len(together) >= _REPORTS_A_CALL or words + len(each.words) > _WORDS_A_CALL
        if before and (is_full or before.tenant is not each.tenant or before.suppressed_by or each.suppressed_by):
            yield _call(together, prepared, settings)
            together, words = [], 0
        together.append(place)
        words += len(each.words)
    if together:
        yield _call(together, prepared, settings)


def _call(places: list[int], prepared: Mapping[int, _Prepared], settings: Settings) -> Call:
    tenant, words, suppressed_by, _ = prepared[places[0]]
    version = tenant.filter.version
    if suppressed_by:
        return Call(tenant.call("suppress", *words, pattern=suppressed_by, patterns_version=version), places)
    command = tenant.call(
        "report",
        *[word for place in places for word in (len(prepared[place].words), *prepared[place].words)],
        max_backlog=settings.max_backlog,
        max_age_ms=settings.max_age_seconds * 1_000,
        max_env=settings.max_env_count_per_entry,
        watched=1 if rates.watches else "",
        patterns_version=version,
        fingerprint_version=VERSION,
    )
    return Call(command, places)


def _prepare(report: Report, after: int, tenant: Tenant, max_env: int) -> _Prepared:
    latest = report.latest
    raised = patterns.raised(latest)
    filter_ = tenant.filter
    subject = patterns.subject(latest.message, raised)
    if suppressed_by := filter_.suppressed_by(subject, lambda: latest.env):
        return _Prepared(tenant, [report.count, report.sender, report.sequence, after], suppressed_by)
    pattern = filter_.grouped_by(subject)
    said = codec.encode(latest, tenant.sharing.meet)
    stack, bodies = tenant.sharing.to_send(said.stack) if said.stack else (b"", [])
    envs = report.envs[-max_env:] if max_env else ()
    # In the order in which report.lua takes them.
    words: list[Word] = [
        latest.key,
        latest.level,
        latest.logger,
        latest.message,
        codec.part(latest.message),
        report.first_message,
        latest.template,
        latest.exception_type,
        codec.encode_location(latest.location, latest.exception),
        said.details,
        said.text,
        latest.source,
        codec.encode_version(latest.version),
        report.count,
        report.first_ms,
        report.last_ms,
        raised,
        grouping.name_of(pattern),
        pattern,
        report.sender,
        report.sequence,
        after,
        said.stack.id if said.stack else "",
        stack,
        len(bodies),
        _env_text(envs[0][1]) if envs else "",
        *bodies,
    ]
    for lines, alike in groupby(envs, lambda each: _encoded_env(each[1])):
        words += (" ".join([str(time) for time, _ in alike]), lines)
    return _Prepared(tenant, words, stack=said.stack)
