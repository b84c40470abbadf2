"""A query that was understood: decides what matches, and tells the store where it need not look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import islice
from typing import Any, TypeVar

from logster.entry import Entry, Env
from logster.search.condition import Count, Flag, LastSeen, Level
from logster.search.subject import Row, Sample
from logster.search.term import Sought, Term, Text

_HIGHLIGHTS_AT_MOST = 1_000
_Kind = TypeVar("_Kind", bound=Term)


@dataclass(frozen=True)
class Query:
    """Terms that must all hold for one occurrence: the entry together with one of its env samples.

    Solved entries match only where the query asks for them.
    """

    text: str
    parts: tuple[Term, ...] = ()

    def matches(self, entry: Entry, envs: Sequence[Env]) -> bool:
        """Return whether an entry matches, whose traceback is filled in, with any of its env samples."""
        return self.matches_row(Row(entry), lambda: envs)

    def matches_row(self, row: Row, envs: Callable[[], Sequence[Env]]) -> bool:
        """Return whether an entry matches; its env samples are asked for only where they decide."""
        left = self._undecided(row)
        if not left:
            return left is not None
        return any(_hold(left, Sample(env)) for env in envs() or ({},))

    def decided_by(self, entry: Entry) -> bool | None:
        """Return whether an entry matches, as far as it can be told without env: None where that is needed."""
        left = self._undecided(Row(entry))
        return None if left else left is not None

    def matching_envs(self, envs: Sequence[Env], entry: Entry | None = None) -> list[int]:
        """Return which env samples of a matching entry match, as indexes.

        Arguments:
            envs: the samples.
            entry: whose they are, traceback included. Without it a word that no sample has is taken to be the entry's.
        """
        samples = [Sample(env) for env in envs]
        left = self._undecided(Row(entry)) if entry else self._about(samples)
        return [index for index, sample in enumerate(samples) if left is not None and _hold(left, sample)]

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Lowercase ASCII literals, each of which every match has in its text or in its env as stored."""
        found = {literal for part in self.parts if not part.negated for literal in part.required}
        longest_first = sorted(found, key=lambda literal: (-len(literal), literal))
        kept: list[str] = []
        for literal in longest_first:
            if not any(literal in other for other in kept):
                kept.append(literal)
        return tuple(kept)

    @cached_property
    def loosened(self) -> tuple[Any, ...]:
        """Regular expressions, each of which every match has in its lowercase text or in that of a sample."""
        found = [part.loosened for part in self.parts if not part.negated]
        return tuple(each for each in found if each is not None)

    @cached_property
    def levels(self) -> frozenset[int] | None:
        """The standard levels that can match; None for all."""
        given = [part.levels for part in self._of(Level)]
        return reduce(frozenset.__and__, given) if given else None

    @cached_property
    def since_ms(self) -> int | None:
        given = [part.since_ms for part in self._of(LastSeen) if part.since_ms is not None]
        return max(given, default=None)

    @cached_property
    def until_ms(self) -> int | None:
        given = [part.until_ms for part in self._of(LastSeen) if part.until_ms is not None]
        return min(given, default=None)

    @cached_property
    def min_count(self) -> int | None:
        given = [part.minimum for part in self._of(Count) if part.minimum is not None and not part.negated]
        return max(given, default=None)

    @cached_property
    def max_count(self) -> int | None:
        given = [part.maximum for part in self._of(Count) if part.maximum is not None and not part.negated]
        return min(given, default=None)

    @cached_property
    def flags_required(self) -> frozenset[str]:
        return frozenset(part.name for part in self._of(Flag) if not part.negated)

    @cached_property
    def flags_forbidden(self) -> frozenset[str]:
        """The flags that no match has; "solved" among them unless the query asks for it."""
        given = frozenset(part.name for part in self._of(Flag) if part.negated)
        return given if "solved" in self.flags_required else given | {"solved"}

    @cached_property
    def needs_env(self) -> bool:
        """Whether an entry alone may not be enough to decide."""
        return any(part.needs_env for part in self.parts)

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """The words and phrases that a match has, as they were written."""
        return tuple(part.text for part in self._of(Text) if not part.negated)

    def highlights(self, text: str) -> list[tuple[int, int]]:
        """Return which stretches of a shown text the query is about, in order and apart from each other."""
        found: list[tuple[int, int]] = []
        for part in self._of(Sought):
            if not part.negated:
                found += islice(part.spans(text), _HIGHLIGHTS_AT_MOST)
        return _apart(sorted(found))

    def explain(self) -> list[str]:
        """Return what the query demands, a plain sentence each."""
        return [part.explain() for part in self.parts]

    def _of(self, kind: type[_Kind]) -> list[_Kind]:
        return [part for part in self.parts if isinstance(part, kind)]

    def _undecided(self, row: Row) -> tuple[Term, ...] | None:
        """Return the terms that the env decides, or None where the entry alone rules a match out."""
        if self.flags_forbidden.intersection(row.entry.flags):
            return None
        left: list[Term] = []
        for part in self.parts:
            holds = part.decide(row)
            if holds is None:
                left.append(part)
            elif holds == part.negated:
                return None
        return tuple(left)

    def _about(self, samples: Sequence[Sample]) -> tuple[Term, ...]:
        return tuple(
            part
            for part in self.parts
            if part.needs_env and (part.negated or any(part.holds_in(sample) for sample in samples))
        )


def _hold(terms: Sequence[Term], sample: Sample) -> bool:
    return all(term.holds_in(sample) != term.negated for term in terms)


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    result: list[tuple[int, int]] = []
    for start, end in spans:
        if start == end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result
