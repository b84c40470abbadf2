"""RedisStore: what the rest of Logster knows of the store. The forms it keeps are in `codec`, the names in `keys`."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from logster.entry import Bucket, Entry, Env, Page, Report
from logster.patterns import Rule, parse, rules
from logster.settings import Settings, check_namespace
from logster.store import (
    attempts,
    clearing,
    codec,
    deploys,
    exporting,
    finding,
    grouping,
    importing,
    listing,
    lookup,
    patterns,
    regrouping,
    reporting,
    signed_out,
    timeline,
    trash,
    values,
)
from logster.store.archive import Header
from logster.store.connection import Connection
from logster.store.cursor import Cursor
from logster.store.events import Event, listen
from logster.store.filter import Filter
from logster.store.history import Change, history, name
from logster.store.importing import Imported, Lines, Mode, Progress
from logster.store.latency import Latency
from logster.store.leases import Leases
from logster.store.patterns import Kind, StoredPattern
from logster.store.question import ask, ask_all
from logster.store.remains import Remains, remains
from logster.store.reporting import ReportResult
from logster.store.tenant import Tenant
from logster.store.timeline import Resolution
from logster.store.values import FieldName

if TYPE_CHECKING:
    from logster.search import Query

_KEYS_A_CALL = 10


class Glance(NamedTuple):
    """The hours of each of several entries, the hours in which anything happened, and the deploys."""

    hours: list[list[int]]
    happened: list[Bucket]
    deploys: list[tuple[int, str]]


class RedisStore:
    """The entries of one namespace, or of the current context's; connects when first used.

    Threads may share it, and forked processes may inherit it. Every method raises StoreUnavailable where Redis is
    away, and SchemaMismatch where a newer Logster has written.
    """

    def __init__(self, settings: Settings, namespace: str | None = None) -> None:
        self._settings = settings
        self._namespace = None if namespace is None else check_namespace(namespace)
        self._connection = Connection(settings.redis_url, settings.redis_timeout_seconds)
        self._tenants: dict[str, Tenant] = {}
        self._rules: tuple[Rule, ...] | None = None
        self._leases = Leases()

    def at(self, namespace: str) -> "RedisStore":
        """Return the store of another namespace, on the same connection."""
        other = RedisStore(self._settings, namespace)
        other._connection = self._connection
        other._tenants = self._tenants
        other._rules = self._rules
        other._leases = self._leases
        return other

    def report(self, reports: Sequence[Report]) -> list[ReportResult]:
        """Apply reports, each to the namespace that its occurrence names, and return what became of each.

        After an error some may have been applied. Repeating the batch is safe where the reports name their sender:
        a sequence number is applied once. Numbers of one sender must grow from batch to batch.
        """
        return reporting.report(reports, self._tenant_of, self._settings)

    def batch(self, reports: Sequence[Report]) -> reporting.Batch:
        """Return reports made ready to be sent like those of `report`; the caller waits for what becomes of them later.

        One batch has to be answered before the next one of the same sender is sent.
        """
        return reporting.Batch(reports, self._tenant_of, self._settings)

    def entry(self, key: str) -> Entry | None:
        """Return an entry, or a group by its row's key, with exception and traceback; None where there is none."""
        if grouping.is_group(key):
            return grouping.entry(self._tenant, key)
        keys = self._tenant.keys
        values, env_count = self._tenant.run_all(
            [["HMGET", keys.entry(key), *codec.ENTRY_FIELDS], ["LLEN", keys.env(key)]]
        )
        if not values[0]:
            return None
        return codec.decode_entry(key, values, env_count, self._tenant.pool.frames(values[-1]))

    def page(
        self,
        *,
        levels: Collection[int] | None = None,
        since_ms: int | None = None,
        until_ms: int | None = None,
        query: "Query | None" = None,
        before: str | None = None,
        after: str | None = None,
        limit: int = 50,
        include_solved: bool = False,
        during: tuple[int, int] | None = None,
    ) -> Page:
        """Return a page of the list, newest first.

        Arguments:
            levels: only entries of these levels; a custom level stands for the standard one below it.
            since_ms: only entries last seen then or later.
            until_ms: only entries last seen then or earlier.
            query: only entries that it matches.
            before: the cursor to continue from, towards older rows.
            after: the cursor to continue from, towards newer rows.
            limit: how many rows at the most; more than 500 are never given at once.
            include_solved: whether solved entries are shown; with a query, that decides.
            during: together with a query, only entries that occurred between these times, to the hour; their first and
                last occurrence is known to the millisecond.

        Raises:
            InvalidCursor: a cursor is not one that this store handed out.
        """
        if before and after:
            raise ValueError("A page continues either before or after a place, not both.")
        cursor = before or after
        if limit < 1:
            raise ValueError(f"A page has at least one row, not {limit}.")
        tenant = self._tenant
        stretch = listing.Stretch(
            sets=tuple(tenant.keys.rows(listing.levels_of(levels), solved=include_solved)),
            since_ms=since_ms,
            until_ms=until_ms,
            start=Cursor.parse(cursor) if cursor else None,
            step=listing.NEWER if after else listing.OLDER,
        )
        if query is None:
            return listing.plain_page(tenant, stretch, limit)
        if during:
            stretch = stretch._replace(since_ms=max(during[0], since_ms or 0))
        return finding.found_page(tenant, finding.narrowed(tenant, stretch, query, levels), query, limit, during)

    def env_samples(self, key: str, *, limit: int | None = None) -> list[Env]:
        """Return the env samples of an entry or a group's newest member, newest first, each with its "time" in ms."""
        if limit is not None and limit < 1:
            return []
        keys, key = self._tenant.keys, grouping.newest(self._tenant, key)
        base, samples = self._tenant.run_all(
            [["HGET", keys.entry(key), "env_base"], ["LRANGE", keys.env(key), 0, -1 if limit is None else limit - 1]]
        )
        return codec.decode_envs(base, samples)

    def delete(self, keys: Iterable[str], *, by: str = "") -> int:
        """Delete entries, protected ones too, and return how many there were; `by` is noted in the history."""
        keys = list(keys)
        return self._noted("delete", keys, by, self._in_chunks("delete", grouping.members(self._tenant, keys)))

    def discard(self, keys: Iterable[str], *, by: str = "") -> tuple[int, str]:
        """Delete entries like `delete`, and return how many there were and a token by which `restore` undoes it.

        The newest few deletions are kept for ten minutes; a very large one is not, and then the token is empty.
        """
        keys = list(keys)
        removed, token = trash.discard(self._tenant, grouping.members(self._tenant, keys))
        return self._noted("delete", keys, by, removed), token

    def restore(self, token: str, *, by: str = "") -> list[str]:
        """Bring back what `discard` deleted, and return the keys; none where its time is over or it was done already.

        An entry that was reported meanwhile gets its history back, and keeps what is new.
        """
        restored = trash.restore(self._tenant, token, self._settings.max_env_count_per_entry)
        self._noted("restore", restored, by, len(restored))
        return restored

    def remains(self, key: str) -> Remains:
        """Return what is still known of an entry that is gone."""
        return remains(self._tenant, key)

    def clear(self, *, by: str = "") -> int:
        """Remove all entries that are not protected, and return how many; solved marks stay."""
        return self._noted("clear", (), by, clearing.clear(self._tenant))

    def protect(self, key: str, *, by: str = "") -> bool:
        """Keep an entry from being trimmed or cleared; return whether there is such an entry."""
        return bool(self._noted("protect", [key], by, self._each("protect", key)))

    def unprotect(self, key: str, *, by: str = "") -> bool:
        """Take an entry's protection away; return whether there is such an entry."""
        return bool(self._noted("unprotect", [key], by, self._each("unprotect", key)))

    def solve(self, keys: Iterable[str], *, by: str = "") -> int:
        """Declare entries solved in the versions they were seen in, and return how many of them there are."""
        keys = list(keys)
        members = grouping.members(self._tenant, keys)
        solved = self._in_chunks("solve", members, expire_seconds=self._settings.solved_expire_seconds)
        return self._noted("solve", keys, by, solved)

    def unsolve(self, keys: Iterable[str], *, by: str = "") -> int:
        """Take solved marks away, show their entries again, and return how many marks there were."""
        keys = list(keys)
        marks = self._in_chunks("unsolve", grouping.members(self._tenant, keys, solved=True))
        return self._noted("unsolve", keys, by, marks)

    def allow_beacon(self, address: str, limit: int) -> bool:
        """Count one more JavaScript report of a client address, and return whether it stays within `limit` a minute."""
        return self.has_beacon_permit(address) or self._leases.ask(self._tenant, address, limit)

    def has_beacon_permit(self, address: str) -> bool:
        """Do the same where this process may say so without asking Redis; False means that `allow_beacon` has to."""
        return self._leases.take(self._tenant, address)

    def allow_attempt(self, address: str, limit: int, minute: int) -> bool:
        """Count one more attempt of a client address to sign in, and return whether it is within `limit` that minute.

        Arguments:
            address: under which name attempts are counted.
            limit: how many there may be.
            minute: the number of minutes since 1970.
        """
        return attempts.allow(self._tenant, address, limit, minute)

    def forgive_attempt(self, address: str, minute: int) -> None:
        """Take an attempt that was allowed in a minute as not made."""
        attempts.forgive(self._tenant, address, minute)

    def sign_out(self, session: str, seconds: int) -> None:
        """Remember that a session of the login page is over, for the seconds that it would have been good."""
        signed_out.add(self._tenant, session, seconds)

    def is_signed_out(self, session: str) -> bool:
        """Return whether a session of the login page was signed out."""
        return signed_out.knows(self._tenant, session)

    def count(self, levels: Collection[int] | None = None) -> int:
        """Return how many entries are shown without a query."""
        return listing.count(self._tenant, levels)

    def clearable(self) -> tuple[int, int]:
        """Return how many entries clearing would remove, and how many would stay because they are protected."""
        keys = self._tenant.keys
        going, staying = self._tenant.run_trimmed([["ZCARD", keys.trimmable], ["SCARD", keys.protected]])
        return int(going), int(staying)

    def timeline(
        self, key: str | None = None, *, resolution: Resolution = "hour", since_ms: int, until_ms: int
    ) -> list[Bucket]:
        """Return the counts of occurrences in each bucket of time, oldest first, overall or of one entry.

        Hours are kept as long as entries are, 90 days at the most, and minutes for a day; an entry has hours only.
        """
        if key is None:
            return ask(self._tenant, timeline.overall(self._tenant, resolution, since_ms, until_ms))
        if resolution != "hour":
            raise ValueError("An entry's timeline is kept by the hour only.")
        return ask(
            self._tenant, timeline.of_entry(self._tenant, grouping.newest(self._tenant, key), since_ms, until_ms)
        )

    def happened(self, *, resolution: Resolution = "hour", since_ms: int, until_ms: int) -> list[Bucket]:
        """Return those buckets of the overall timeline in which anything happened."""
        return ask(self._tenant, timeline.happened(self._tenant, resolution, since_ms, until_ms))

    def hours(self, keys: Sequence[str], *, since_ms: int, until_ms: int) -> list[list[int]]:
        """Return for each of several entries its counts in all hours between two times, oldest first."""
        return ask(self._tenant, timeline.of_entries(self._tenant, keys, since_ms, until_ms))

    def deploys(self, *, since_ms: int, until_ms: int) -> list[tuple[int, str]]:
        """Return which versions of the app were first seen between two times, with when (ms), oldest first."""
        return ask(self._tenant, deploys.between(self._tenant, since_ms, until_ms))

    def glance(self, keys: Sequence[str], *, since_ms: int, until_ms: int, overall_since_ms: int) -> Glance:
        """Return what `hours` and `happened` do until a time, and all deploys, in one round trip.

        Arguments:
            keys: whose hours.
            since_ms: from when on, for the hours of the entries.
            until_ms: until when, for all hours.
            overall_since_ms: from when on, for the overall hours and the deploys.
        """
        tenant = self._tenant
        questions = (
            timeline.of_entries(tenant, keys, since_ms, until_ms),
            timeline.happened(tenant, "hour", overall_since_ms, until_ms),
            deploys.between(tenant, overall_since_ms),
        )
        return Glance(*ask_all(tenant, *questions))

    def values(self, field: FieldName) -> list[str]:
        """Return what a field of the search is among the newest entries, the most common first."""
        return values.values(self._tenant, field)

    def entries(self, keys: Sequence[str]) -> list[Entry]:
        """Return entries as a list shows them, in the order of `keys`; those that are gone are left out."""
        return lookup.entries(self._tenant, keys)

    def keys_starting(self, prefix: str, *, limit: int = 10) -> list[str]:
        """Return keys of entries that start with `prefix`, in order, and no more than `limit`."""
        return lookup.keys_starting(self._tenant, prefix, limit)

    def export(self) -> Iterator[bytes]:
        """Yield the lines of an archive of all that is kept; each entry as it is at one moment."""
        return exporting.lines(self._tenant)

    def check_archive(self, lines: Lines, mode: Mode = "add") -> tuple[Header, int]:
        """Read a whole archive without importing it, and return its header and how many entries it has.

        Arguments:
            lines: opens the archive at its beginning.
            mode: what to do with an entry that is there already in another form: "merge" adds the archive's to it,
                "replace" puts the archive's in its place, and "add" refuses.

        Raises:
            InvalidArchive: a line is not as it has to be; names it.
            ArchiveConflict: the mode is "add", and an entry is there already in another form.
        """
        return importing.check(self._tenant, lines, mode)

    def import_archive(self, lines: Lines, mode: Mode = "add") -> Imported:
        """Check a whole archive, then import it; the arguments and errors are those of `check_archive`."""
        self.check_archive(lines, mode)
        return self.import_checked(lines, mode)

    def import_checked(self, lines: Lines, mode: Mode = "add", progress: Progress = lambda _: None) -> Imported:
        """Import an archive that was checked, one entry at a time, and return what became of its entries.

        Arguments:
            lines: opens the archive at its beginning.
            mode: as for `check_archive`.
            progress: told how many entries were dealt with since the last time.
        """
        max_env = self._settings.max_env_count_per_entry
        return importing.write(self._tenant, lines, mode, max_env, progress)

    def filter(self, namespace: str) -> Filter:
        """Return what this process knows of a namespace's patterns; read them where it knows nothing yet.

        Where they cannot be read that are the app's own rules alone: the store asks the patterns again when it writes.
        """
        tenant = self._tenant_of(namespace)
        if not tenant.filter.is_known and not tenant.is_missed:
            tenant.is_missed = True
            # Whatever is wrong comes up again when the store writes; here it would cost the report that asks.
            with suppress(Exception):
                tenant.check()
        return tenant.filter

    def patterns(self, kind: Kind) -> list[StoredPattern]:
        """Return the suppression or the grouping patterns; the rules of the app's own code come first."""
        return patterns.listed(self._tenant, kind)

    def add_pattern(self, kind: Kind, text: str, *, by: str = "") -> StoredPattern:
        """Add a pattern, in force from now on in every process; what is stored is grouped by a grouping pattern, too.

        Raises:
            InvalidPattern: it cannot be used, or there is one like it; the text says why.
        """
        added = patterns.add(self._tenant, kind, text, by)
        return self._regrouped(kind, added)

    def change_pattern(self, kind: Kind, text: str, new_text: str, *, by: str = "") -> StoredPattern:
        """Put another pattern in the place of one; its hits are counted from zero.

        Raises:
            PatternNotFound: there is no such pattern.
            InvalidPattern: the other one cannot be used, or there is one like it.
        """
        changed = patterns.change(self._tenant, kind, text, new_text, by)
        return self._regrouped(kind, changed)

    def remove_pattern(self, kind: Kind, text: str, *, by: str = "") -> None:
        """Remove a pattern; a grouping pattern gives its rows back.

        Raises:
            PatternNotFound: there is no such pattern.
        """
        patterns.remove(self._tenant, kind, text, by)
        if kind == "grouping":
            regrouping.regroup(self._tenant)

    def reset_count(self, text: str, *, by: str = "") -> int:
        """Count the hits of a suppression pattern, or of a rule of the app's own, from zero; return how many were.

        Raises:
            PatternNotFound: there is no such pattern.
        """
        return patterns.reset_count(self._tenant, text, by)

    def count_matching(self, text: str) -> int:
        """Return how many entries a pattern matches; InvalidPattern where it cannot be used."""
        return sum(map(len, patterns.matching(self._tenant, parse(text))))

    def preview(self, text: str, *, limit: int = 5) -> tuple[int, list[Entry]]:
        """Return how many entries a pattern matches, and a few of them; InvalidPattern as above."""
        chunks = list(patterns.matching(self._tenant, parse(text)))
        keys = [key for chunk in chunks for key in chunk]
        return len(keys), self.entries(keys[:limit])

    def delete_matching(self, text: str, *, by: str = "") -> int:
        """Delete the unprotected entries that a pattern matches, and return how many; InvalidPattern as above."""
        pattern = parse(text)
        return self._noted("delete_matching", [pattern.text], by, patterns.delete_matching(self._tenant, pattern))

    def suggest(self, keys: Iterable[str]) -> str:
        """Return a pattern that would group the entries of `keys`; empty where they have too little in common."""
        return patterns.suggest(self._tenant, keys)

    def history(self, limit: int = 100) -> list[Change]:
        """Return who changed what, newest first; a hundred changes are kept."""
        return history(self._tenant, limit)

    def counters(self) -> dict[str, int]:
        """Return how many occurrences were dropped as solved, and how many were suppressed."""
        counts = self._tenant.run_all([["HGETALL", self._tenant.keys.counters]])[0]
        return {name.decode(): int(count) for name, count in counts.items()}

    def listen(self, *, idle_seconds: float | None = None) -> AbstractContextManager[Iterator[Event]]:
        """Subscribe to what changes; the context yields an iterator over events, which waits for the next one.

        Arguments:
            idle_seconds: after so much silence the iterator yields an event of kind "idle"; never by default.
        """
        return listen(self._tenant, idle_seconds)

    def forget(self, namespace: str) -> None:
        """Let go of what this process keeps of a namespace that is no longer used; what Redis keeps stays."""
        self._tenants.pop(namespace, None)

    @property
    def latency(self) -> Latency:
        """How long Redis takes to answer this process."""
        return self._connection.latency

    def ping(self) -> None:
        """Raise StoreUnavailable unless Redis answers."""
        self._connection.ping()

    def close(self) -> None:
        """Let go of the connections; the next use opens new ones."""
        self._leases.close()
        self._connection.close()

    @property
    def _tenant(self) -> Tenant:
        return self._tenant_of(self._namespace or self._settings.current_namespace())

    def _tenant_of(self, namespace: str) -> Tenant:
        tenant = self._tenants.get(namespace)
        if tenant is None:
            if self._rules is None:
                self._rules = rules(self._settings.ignore)
            tenant = self._tenants[namespace] = Tenant(
                self._connection, check_namespace(namespace), self._settings.max_age_seconds * 1_000, self._rules
            )
        return tenant

    def _regrouped(self, kind: Kind, pattern: StoredPattern) -> StoredPattern:
        if kind == "suppression":
            return pattern
        regrouping.regroup(self._tenant)
        return patterns.found(self._tenant, kind, pattern.pattern)

    def _in_chunks(self, script: str, keys: Iterable[str], **arguments: int) -> int:
        remaining = iter(keys)
        changed = 0
        while chunk := list(islice(remaining, _KEYS_A_CALL)):
            changed += self._tenant.run(script, *chunk, **arguments)
        return changed

    def _each(self, script: str, key: str) -> int:
        return sum(self._tenant.run(script, key=each) for each in grouping.members(self._tenant, [key]))

    def _noted(self, kind: str, keys: Sequence[str], by: str, changed: int) -> int:
        """Note who changed so many entries, where somebody is named."""
        if by and changed:
            about = keys[0] if len(keys) == 1 else f"{changed} entries"
            self._tenant.run("remember", kind=kind, about=about, by=name(by))
        return changed
