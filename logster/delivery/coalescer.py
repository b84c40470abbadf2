"""Snapshots → reports: equal ones are counted together, so that a storm of one error is one write.

Owns what waits to be written, which is bounded. Used by one thread at a time; knows nothing of the store's moods.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any

import msgspec

from logster.delivery.losses import AWAY_TOO_LONG, Losses, unrenderable
from logster.delivery.news import News
from logster.delivery.observers import subscribers
from logster.delivery.snapshot import Snapshot, Stand
from logster.entry import Env, Occurrence, Report
from logster.forking import no_fork
from logster.patterns import subject_of
from logster.redaction import Redactor
from logster.settings import Settings
from logster.store.filter import Filter

_Place = tuple[str, str, str, str]  # namespace, key, version, what keeps it out

_KNOWN_IDENTITIES = 2_000
_KNOWN_VERDICTS = 1_024
_MOST_STANDING = 100
_STANDS_SECONDS = 1.0


class _Pending:
    """Equal snapshots of one flush window; only what the report needs of them is kept."""

    __slots__ = ("count", "first", "first_ms", "is_open", "last_ms", "latest", "rendered", "samples")

    def __init__(self, snapshot: Snapshot, rendered: Occurrence, samples: int) -> None:
        self.first = self.latest = snapshot
        self.first_ms = self.last_ms = snapshot.timestamp_ms
        self.rendered: Occurrence | None = rendered
        self.count = snapshot.count
        self.is_open = True
        self.samples: deque[Snapshot] = deque([snapshot], maxlen=samples)

    def add(self, snapshot: Snapshot) -> None:
        timestamp = snapshot.timestamp_ms
        self.count += snapshot.count
        self.samples.append(snapshot)
        if timestamp >= self.last_ms:
            self.last_ms = timestamp
            self.latest = snapshot
        elif timestamp < self.first_ms:
            self.first_ms = timestamp
            self.first = snapshot
            self.rendered = None


class Coalescer:
    """What waits to be written.

    Arguments:
        settings: how many distinct entries and env samples may wait.
        redactor: masks what is rendered here.
        losses: where to count what cannot wait or be rendered.
        patterns: returns those of a namespace. What they keep out waits apart from the rest, and the store has the
            last word on it: they may change meanwhile.
        left_over: takes what was counted in place of snapshots by what is let go.
    """

    def __init__(
        self,
        settings: Settings,
        redactor: Redactor,
        losses: Losses,
        patterns: Callable[[str], Filter] = lambda _: Filter(()),
        left_over: Callable[[Snapshot], object] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._patterns = patterns
        self._verdicts: OrderedDict[tuple[Filter, Hashable], str] = OrderedDict()
        self._losses = losses
        self._redactor = redactor
        self._pending: dict[_Place, _Pending] = {}
        self.news = News()
        """What of it was not taken a moment ago."""
        self._known: dict[Hashable, tuple[_Pending, Any]] = {}
        self._left_over = left_over
        self.standing: dict[str, Stand] = {}
        """By template, what counts on the callers' threads what patterns keep out."""
        self._most_samples = 2 * settings.max_pending_entries
        self._samples = 0

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, snapshot: Snapshot) -> None:
        """Count `snapshot` in."""
        try:
            with no_fork:
                has_room = self._add(snapshot)
            if not has_room:
                self._losses.add(snapshot.namespace, snapshot.level, AWAY_TOO_LONG, snapshot.count)
        except Exception as error:
            self._losses.add(snapshot.namespace, snapshot.level, unrenderable(error), snapshot.count)

    def _add(self, snapshot: Snapshot) -> bool:
        """Count `snapshot` in, and return whether there was room for it."""
        if subscribers and (occurrence := self._occurrence(snapshot)):
            # A subscriber may do as it likes with an env, which others may share.
            subscribers.call(msgspec.structs.replace(occurrence, env=dict(occurrence.env)))
        patterns = self._patterns(snapshot.namespace)
        if patterns.suppresses and ((said := snapshot.said()) is None or said not in patterns.passed):
            kept_out_by = self._kept_out_by(patterns, snapshot)
            if kept_out_by or self.standing:
                self._let_stand(snapshot, bool(kept_out_by) and not (patterns.needs_env or subscribers))
            if kept_out_by:
                return self._add_rendered(snapshot, None, kept_out_by)
            if said is not None and not patterns.needs_env:
                patterns.let_pass(said)
        elif self.standing and not patterns.suppresses:
            self.standing.clear()
        identity = snapshot.identity()
        known = self._known.get(identity) if identity is not None else None
        if known is None or not known[0].is_open:
            return self._add_rendered(snapshot, identity)
        self._add_to(known[0], snapshot)
        return True

    def _let_stand(self, snapshot: Snapshot, may_stand: bool) -> None:
        """Let a snapshot stand for its like, or do so no longer."""
        # Else the caller's thread would have to find out where its like belongs, and whether it is a breadcrumb.
        may_stand = may_stand and not self._settings.breadcrumbs and snapshot.namespace == self._settings.namespace
        stand = snapshot.stand(self._left_over) if may_stand or self.standing else None
        if stand is None:
            return
        known = self.standing.get(stand.template)
        if not may_stand:
            self.standing.pop(stand.template, None)
        elif stand.is_new and (known is None or known.call != stand.call):
            if len(self.standing) >= _MOST_STANDING:
                self.standing.clear()
            self.standing[stand.template] = stand

    def stood(self, *, is_over: bool = False) -> list[Snapshot]:
        """Return what was counted in place of snapshots since the last time, and let go of what stood its time.

        Arguments:
            is_over: whether it is time for all.
        """
        let_go_before = time.monotonic() - _STANDS_SECONDS
        found = []
        for template, stand in list(self.standing.items()):
            if counted := stand.take():
                found.append(counted)
            if is_over or stand.since < let_go_before:
                del self.standing[template]
        return found

    def _kept_out_by(self, patterns: Filter, snapshot: Snapshot) -> str:
        """Return which pattern or rule keeps a snapshot out; empty where none does."""
        subject = snapshot.subject()
        if subject is not None and not patterns.needs_env and not patterns.may_suppress(subject):
            return ""
        known = (patterns, snapshot.identity() if subject is None else subject)
        if known[1] is None or patterns.needs_env or known not in self._verdicts:
            occurrence = self._occurrence(snapshot)
            verdict = patterns.suppressed_by(subject_of(occurrence), lambda: occurrence.env) if occurrence else ""
            self._verdicts[known] = verdict
            if len(self._verdicts) > _KNOWN_VERDICTS:
                self._verdicts.popitem(last=False)
        return self._verdicts[known]

    def _add_rendered(self, snapshot: Snapshot, identity: Hashable | None, kept_out_by: str = "") -> bool:
        occurrence = self._occurrence(snapshot)
        if occurrence is None:
            return True
        place = occurrence.namespace, occurrence.key, occurrence.version, kept_out_by
        pending = self._pending.get(place)
        if pending is not None:
            self._add_to(pending, snapshot)
        elif kept_out_by and len(self._pending) >= self._settings.max_pending_entries // 2:
            self._add_to_others(snapshot, occurrence, kept_out_by)
        elif len(self._pending) < self._settings.max_pending_entries:
            samples = 1 if kept_out_by else self._settings.max_env_count_per_entry
            pending = self._begin(place, snapshot, occurrence, samples)
        else:
            return False
        if identity is not None and pending is not None:
            self._remember(identity, pending, snapshot)
        return True

    def _add_to_others(self, snapshot: Snapshot, occurrence: Occurrence, kept_out_by: str) -> None:
        """Count what is kept out with others of that kind: the room is for what is to be stored."""
        place = snapshot.namespace, "", "", kept_out_by
        if place in self._pending:
            self._add_to(self._pending[place], snapshot)
        else:
            self._begin(place, snapshot, occurrence, 1)

    def _begin(self, place: _Place, snapshot: Snapshot, occurrence: Occurrence, samples: int) -> _Pending:
        pending = self._pending[place] = _Pending(snapshot, occurrence, samples)
        self._samples += 1
        self.news.waits(place)
        return pending

    def _remember(self, identity: Hashable, pending: _Pending, snapshot: Snapshot) -> None:
        if len(self._known) >= _KNOWN_IDENTITIES:
            self._known.clear()
        self._known[identity] = pending, snapshot.anchor()

    def _add_to(self, pending: _Pending, snapshot: Snapshot) -> None:
        samples = pending.samples
        before = len(samples)
        if self._samples >= self._most_samples and before:
            samples.popleft()
        pending.add(snapshot)
        self._samples += len(samples) - before

    def take(self, at_most: int, sender: str, sequence: Callable[[], int]) -> list[Report]:
        """Return reports for what waits longest, and forget it.

        Arguments:
            at_most: how many reports.
            sender: who reports.
            sequence: returns the sender's next number.
        """
        reports = []
        for place in list(self._pending)[:at_most]:
            pending = self._pending.pop(place)
            pending.is_open = False
            self.news.leaves(place)
            self._samples -= len(pending.samples)
            try:
                with no_fork:
                    report = self._report(pending, sender, sequence)
            except Exception as error:
                self._losses.add(pending.latest.namespace, pending.latest.level, unrenderable(error), pending.count)
                continue
            if report is not None:
                reports.append(report)
        if not self._pending:
            self._known.clear()
        return reports

    def _report(self, pending: _Pending, sender: str, sequence: Callable[[], int]) -> Report | None:
        first = pending.rendered or self._occurrence(pending.first)
        latest = first if pending.latest is pending.first else self._occurrence(pending.latest)
        latest = latest or first
        if latest is None:
            return None
        return Report(
            latest=latest,
            count=pending.count,
            first_ms=pending.first_ms,
            last_ms=pending.last_ms,
            first_message=(first or latest).message,
            envs=tuple((each.timestamp_ms, self._env(each, pending, first, latest)) for each in pending.samples),
            sender=sender,
            sequence=sequence(),
        )

    def _occurrence(self, snapshot: Snapshot) -> Occurrence | None:
        return snapshot.occurrence(self._settings, self._redactor)

    def _env(self, snapshot: Snapshot, pending: _Pending, first: Occurrence | None, latest: Occurrence) -> Env:
        if snapshot is pending.latest:
            return latest.env
        if snapshot is pending.first and first is not None:
            return first.env
        return snapshot.env(self._settings, self._redactor)
