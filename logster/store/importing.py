"""Writes the lines of an archive into a namespace: checks all of them first, then restores one entry at a time."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from logster.errors import ArchiveConflict, InvalidArchive
from logster.store import archive, exporting, history, packing, regrouping
from logster.store.archive import (
    FORMAT,
    AnyRecord,
    ArchivedEntry,
    ArchivedMark,
    Counters,
    End,
    Header,
    History,
    Mark,
    Pattern,
    Timeline,
)
from logster.store.connection import Command
from logster.store.filter import CODE
from logster.store.schema import SCHEMA
from logster.store.script import Word, script
from logster.store.tenant import Tenant

Mode = Literal["add", "merge", "replace"]
Lines = Callable[[], Iterable[bytes]]
"""Opens the archive at its beginning; called twice."""
Progress = Callable[[int], None]
"""Told how many entries were dealt with since the last time."""

_ENTRIES_A_CALL = 100
_BYTES_A_CALL = 1_000_000
_CHANGES_AT_MOST = 100
_BUCKET_MS = {"hour": packing.HOUR_MS, "minute": packing.MINUTE_MS}


class Imported(msgspec.Struct):
    """How many entries of an archive were there before in the same form, and what became of the others."""

    created: int = 0
    merged: int = 0
    replaced: int = 0
    unchanged: int = 0
    patterns: int = 0


class _Line(NamedTuple):
    number: int
    size: int
    record: Any


def check(tenant: Tenant, lines: Lines, mode: Mode) -> tuple[Header, int]:
    """Read a whole archive without writing anything, and return its header and how many entries it has.

    Raises:
        InvalidArchive: a line is not as it has to be; names it.
        ArchiveConflict: the mode is `add`, and an entry is there already in another form.
    """
    header: Header | None = None
    ended = False
    number = 0
    seen: set[str] = set()
    for batch in _batches(_read(lines)):
        for line in batch:
            number = line.number
            header = _checked_header(line) if number == 1 else header
            if number > 1 and isinstance(line.record, Header):
                raise InvalidArchive(number, "a second archive begins here; import one at a time")
            if ended:
                raise InvalidArchive(number, "nothing may follow the end")
            if isinstance(line.record, ArchivedEntry):
                if line.record.key in seen:
                    raise InvalidArchive(number, f"entry {line.record.key} is there a second time")
                seen.add(line.record.key)
            ended = isinstance(line.record, End)
            if isinstance(line.record, End) and line.record.entries != len(seen):
                raise InvalidArchive(
                    number, f"there should be {line.record.entries:,} entries above, not {len(seen):,}"
                )
        if mode == "add":
            _refuse_conflicts(tenant, batch)
    if header is None:
        raise InvalidArchive(1, "it is missing; the archive is empty")
    if not ended:
        raise InvalidArchive(number + 1, "the end is missing; the archive was cut off, or is still being written")
    return header, len(seen)


def write(
    tenant: Tenant,
    lines: Lines,
    mode: Mode,
    max_env: int,
    progress: Progress = lambda _: None,
) -> Imported:
    """Write an archive that was checked, and return what became of its entries."""
    done = Imported()
    for batch in _batches(_read(lines)):
        entries = [line.record for line in batch if isinstance(line.record, ArchivedEntry)]
        _write_entries(tenant, entries, mode, max_env, done)
        _write_patterns(tenant, [line.record for line in batch if isinstance(line.record, Pattern)], mode, done)
        _write_others(tenant, [line.record for line in batch], mode)
        progress(len(entries))
    regroup_if_any(tenant)
    tenant.run_all([["PUBLISH", tenant.keys.events, '{"kind":"import"}']])
    return done


def regroup_if_any(tenant: Tenant) -> None:
    """Find out which entries belong together, as the patterns say; those that were there before count, too."""
    if tenant.run_all([["EXISTS", tenant.keys.patterns("grouping")]])[0]:
        tenant.learn()
        regrouping.regroup(tenant)


def _read(lines: Lines) -> Iterator[_Line]:
    for number, line in enumerate(lines(), 1):
        yield _Line(number, len(line), archive.decode(line, number))


def _batches(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    batch: list[_Line] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += line.size
        if len(batch) >= _ENTRIES_A_CALL or size >= _BYTES_A_CALL:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _checked_header(line: _Line) -> Header:
    header = line.record
    if not isinstance(header, Header):
        raise InvalidArchive(1, 'an archive begins with a line {"kind":"logster", …}; this is none')
    if header.format > FORMAT or header.schema > SCHEMA:
        raise InvalidArchive(1, "a newer Logster wrote it; upgrade logster-web here")
    return header


def _refuse_conflicts(tenant: Tenant, batch: list[_Line]) -> None:
    lines = {line.record.key: line for line in batch if isinstance(line.record, ArchivedEntry)}
    for found in exporting.entries(tenant, list(lines)):
        line = lines[found.key]
        if not _is_same(found, line.record):
            raise ArchiveConflict(
                f"Line {line.number:,} of the archive: entry {found.key} is in namespace {tenant.keys.namespace!r} "
                "already, and differs there. Nothing was imported. Choose to merge or to replace."
            )


def _write_entries(tenant: Tenant, entries: list[ArchivedEntry], mode: Mode, max_env: int, done: Imported) -> None:
    known = {each.key: each for each in exporting.entries(tenant, [each.key for each in entries])}
    changed = [each for each in entries if each.key not in known or not _is_same(known[each.key], each)]
    done.unchanged += len(entries) - len(changed)
    for each, answer in zip(
        changed, tenant.run_all([command(tenant, each, mode, max_env) for each in changed]), strict=True
    ):
        outcome = answer.decode()
        if outcome == "exists":
            raise ArchiveConflict(
                f"Entry {each.key} was reported while the archive was imported, which therefore stopped there. "
                "Import it again, and choose to merge or to replace."
            )
        setattr(done, outcome, getattr(done, outcome) + 1)


def _is_same(found: ArchivedEntry, given: ArchivedEntry) -> bool:
    return found == given or (packing.words_of(found) == packing.words_of(given) and found.mark == given.mark)


def command(tenant: Tenant, record: ArchivedEntry, mode: Mode, max_env: int) -> Command:
    """Return the call that writes the entry of a record."""
    fields, timeline, samples = packing.words_of(record)
    env_text = packing.env_text_of(record)
    return _import(tenant, record.key, mode, max_env, record.mark, env_text, fields, timeline, samples)


def _import(
    tenant: Tenant,
    key: str,
    mode: Mode,
    max_env: int,
    mark: Mark | None,
    env_text: bytes,
    fields: list[Word],
    timeline: list[Word],
    samples: list[Word],
) -> Command:
    return tenant.call(
        "import",
        *fields,
        *timeline,
        *samples,
        key=key,
        mode=mode,
        env_text=env_text,
        max_env=max_env,
        mark_end=mark.until_ms if mark else "",
        mark_versions="\n".join(mark.versions) if mark else "",
        field_words=len(fields),
        timeline_words=len(timeline),
    )


def _write_others(tenant: Tenant, records: list[AnyRecord], mode: Mode) -> None:
    commands: list[Command] = []
    for record in records:
        if isinstance(record, ArchivedMark):
            commands.append(_import(tenant, record.key, mode, 0, record.mark, b"", [], [], []))
        elif isinstance(record, Timeline):
            length = _BUCKET_MS[record.resolution]
            counts = {str(start // length): count for start, count in record.counts}
            commands += _counts(tenant, tenant.keys.timeline(record.resolution, record.level), counts, mode)
        elif isinstance(record, History):
            commands += _history(tenant, record)
        elif isinstance(record, Counters):
            commands += _counts(tenant, tenant.keys.counters, record.counts, mode)
    if commands:
        tenant.run_all(commands)


def _write_patterns(tenant: Tenant, given: list[Pattern], mode: Mode, done: Imported) -> None:
    known = {(each.purpose, each.source, each.pattern): each for each in exporting.patterns(tenant)} if given else {}
    changed = [each for each in given if known.get((each.purpose, each.source, each.pattern)) != each]
    done.patterns += sum(tenant.run_all([_pattern(tenant, each, mode) for each in changed]) if changed else [])


def _pattern(tenant: Tenant, record: Pattern, mode: Mode) -> Command:
    return tenant.call(
        "import_pattern",
        kind=record.purpose,
        pattern=record.pattern,
        counted_as=(CODE if record.source == "code" else "") + record.pattern,
        value="" if record.source == "code" else f"{record.created_ms}\t{history.name(record.by)}",
        hits=record.count,
        mode=mode,
    )


def _history(tenant: Tenant, record: History) -> list[Command]:
    """Return what restores the changes that are remembered, unless others are."""
    if not record.changes or tenant.run_all([["EXISTS", tenant.keys.history]])[0]:
        return []
    lines = [f"{each.time_ms}\t{each.kind}\t{history.name(each.by)}\t{each.subject}" for each in record.changes]
    return [["RPUSH", tenant.keys.history, *lines[:_CHANGES_AT_MOST]]]


def _counts(tenant: Tenant, name: str, counts: dict[str, int], mode: Mode) -> list[Command]:
    known = {field.decode(): int(count) for field, count in tenant.run_all([["HGETALL", name]])[0].items()}
    if known == counts:
        return []
    words = [word for pair in counts.items() for word in pair]
    return [script("import_counts").words([name], words, {"mode": mode})]
