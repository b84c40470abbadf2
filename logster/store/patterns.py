"""A namespace's patterns: kept, counted, changed, and tried on what is stored.

Owns what is kept of a pattern. How one is written and matched is for `logster.patterns`.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

import msgspec

from logster import patterns
from logster.errors import InvalidPattern, PatternExists, PatternNotFound
from logster.patterns import Pattern
from logster.store import grouping, history
from logster.store.connection import Command
from logster.store.exporting import scanned
from logster.store.filter import CODE
from logster.store.tenant import Tenant

Kind = Literal["suppression", "grouping"]

_KEYS_A_CALL = 10
_SUGGESTED_FROM = 500


class StoredPattern(msgspec.Struct, frozen=True):
    """A pattern, its hits or its group's members, whether it stands in the app's code or came from the UI, and since
    when (milliseconds since the epoch) and by whom."""

    pattern: str
    count: int = 0
    source: Literal["ui", "code"] = "ui"
    by: str = ""
    created_ms: int = 0


def listed(tenant: Tenant, kind: Kind) -> list[StoredPattern]:
    """Return the patterns of one kind in the order in which they are asked, the app's own first."""
    keys = tenant.keys
    stored, hits = tenant.run_all([["HGETALL", keys.patterns(kind)], ["HGETALL", keys.pattern_hits]])
    counts = {text.decode(): int(count) for text, count in hits.items()}
    if kind == "grouping":
        counts = _members(tenant, [text.decode() for text in stored])
    found = []
    for text, value in stored.items():
        created, _, by = value.decode().partition("\t")
        found.append(StoredPattern(text.decode(), counts.get(text.decode(), 0), "ui", by, int(created)))
    found.sort(key=lambda each: (each.created_ms, each.pattern))
    return [*_of_code(tenant, counts), *found] if kind == "suppression" else found


def _members(tenant: Tenant, texts: list[str]) -> dict[str, int]:
    """Return how many members the groups of patterns have."""
    commands: list[Command] = [["ZCARD", f"{tenant.keys.group(grouping.name_of(text))}:first"] for text in texts]
    return dict(zip(texts, tenant.run_all(commands) if commands else [], strict=True))


def _of_code(tenant: Tenant, counts: dict[str, int]) -> Iterator[StoredPattern]:
    """Yield the rules of this process, then those of others that have hits."""
    own = [CODE + rule.text for rule in tenant.rules]
    others = sorted(text for text in counts if text.startswith(CODE) and text not in own)
    for text in dict.fromkeys([*own, *others]):
        yield StoredPattern(text.removeprefix(CODE), counts.get(text, 0), "code")


def add(tenant: Tenant, kind: Kind, text: str, by: str) -> StoredPattern:
    """Add a pattern.

    Raises:
        InvalidPattern: it cannot be used, or is there already.
    """
    pattern = patterns.parse(text)
    if not tenant.run("add_pattern", kind=kind, pattern=pattern.text, by=history.name(by)):
        raise PatternExists(f"There is a {kind} pattern {pattern.text} already.")
    tenant.learn()
    return found(tenant, kind, pattern.text)


def change(tenant: Tenant, kind: Kind, text: str, new_text: str, by: str) -> StoredPattern:
    """Put another pattern in the place of one.

    Raises:
        PatternNotFound: there is no such pattern.
        InvalidPattern: the other cannot be used, or is there already.
    """
    pattern, new = canonical(text), patterns.parse(new_text)
    outcome = tenant.run(
        "change_pattern", kind=kind, pattern=pattern, new_pattern=new.text, by=history.name(by)
    ).decode()
    if outcome == "missing":
        raise _missing(kind, text)
    if outcome == "exists":
        raise PatternExists(f"There is a {kind} pattern {new.text} already.")
    tenant.learn()
    return found(tenant, kind, new.text)


def remove(tenant: Tenant, kind: Kind, text: str, by: str) -> None:
    """Remove a pattern.

    Raises:
        PatternNotFound: there is no such pattern.
    """
    if not tenant.run("remove_pattern", kind=kind, pattern=canonical(text), by=history.name(by)):
        raise _missing(kind, text)
    tenant.learn()


def reset_count(tenant: Tenant, text: str, by: str) -> int:
    """Count a suppression pattern's hits, or those of a rule of the app's own, from zero; return how many there were.

    Raises:
        PatternNotFound: there is no such pattern.
    """
    known = {each.pattern: CODE if each.source == "code" else "" for each in listed(tenant, "suppression")}
    pattern = text if text in known else canonical(text)
    if pattern not in known:
        raise _missing("suppression", text)
    return int(tenant.run("reset_count", pattern=known[pattern] + pattern, by=history.name(by)))


def found(tenant: Tenant, kind: Kind, text: str) -> StoredPattern:
    """Return a pattern as it is kept.

    Raises:
        PatternNotFound: there is no such pattern.
    """
    wanted = canonical(text)
    for each in listed(tenant, kind):
        if each.source == "ui" and each.pattern == wanted:
            return each
    raise _missing(kind, text)


def canonical(text: str) -> str:
    """Return the one form in which a pattern is kept; what is none stays as it is."""
    try:
        return patterns.parse(text).text
    except InvalidPattern:
        return text


def _missing(kind: Kind, text: str) -> PatternNotFound:
    return PatternNotFound(f"There is no {kind} pattern {text}; it may have been changed or removed meanwhile.")


def matching(tenant: Tenant, pattern: Pattern) -> Iterator[list[str]]:
    """Yield the keys of entries whose newest message matches, in chunks, each once."""
    seen: set[bytes] = set()
    for keys in all_keys(tenant):
        new = [key for key in keys if key not in seen]
        seen.update(new)
        subjects = _subjects(tenant, [key.decode() for key in new])
        if chunk := [key for key, subject in subjects if pattern.matches(subject)]:
            yield chunk


def delete_matching(tenant: Tenant, pattern: Pattern) -> int:
    """Delete unprotected entries that match, and return how many."""
    removed = 0
    for keys in matching(tenant, pattern):
        for start in range(0, len(keys), _KEYS_A_CALL):
            removed += int(tenant.run("purge", *keys[start : start + _KEYS_A_CALL]))
    return removed


def suggest(tenant: Tenant, keys: Iterable[str]) -> str:
    """Return a pattern that would group the entries of `keys`; empty where they have too little in common."""
    entries = islice(grouping.members(tenant, keys), _SUGGESTED_FROM)
    answers = tenant.run_all([["HGET", tenant.keys.entry(key), "message"] for key in entries])
    return patterns.suggest([message.decode("utf-8", "replace") for message in answers if message])


def all_keys(tenant: Tenant) -> Iterator[list[bytes]]:
    """Yield the keys of all entries in chunks; the protected ones twice: some may lose or gain protection meanwhile."""
    for command, name in (
        ("SSCAN", tenant.keys.protected),
        ("ZSCAN", tenant.keys.trimmable),
        ("SSCAN", tenant.keys.protected),
    ):
        yield from scanned(tenant, command, name)


def _subjects(tenant: Tenant, keys: list[str]) -> Iterator[tuple[str, str]]:
    if not keys:
        return
    answers = tenant.run_all([["HMGET", tenant.keys.entry(key), "message", "raised"] for key in keys])
    for key, (message, raised) in zip(keys, answers, strict=True):
        if message is not None or raised is not None:
            yield key, patterns.subject(_text(message), _text(raised))


def _text(stored: bytes | None) -> str:
    return stored.decode("utf-8", "replace") if stored else ""
