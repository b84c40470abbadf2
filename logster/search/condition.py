"""Terms that name a field: level, logger, type, version, env values, count, time and flags."""

from dataclasses import dataclass

from logster.entry import LEVELS, level_floor
from logster.search.folding import fold, literals
from logster.search.moment import show
from logster.search.subject import Row, Sample, leaves
from logster.search.term import Term
from logster.search.wildcard import Wildcard


@dataclass(frozen=True, kw_only=True)
class Level(Term):
    """The entry's level is one of some; a custom level is the nearest standard one below it. Never negated."""

    levels: frozenset[int]

    def decide(self, row: Row) -> bool:
        return level_floor(row.entry.level_number) in self.levels

    def explain(self) -> str:
        names = [name for number, name in LEVELS.items() if number in self.levels]
        return f"level is {' or '.join(names)}" if names else "level is none at all"


@dataclass(frozen=True, kw_only=True)
class Logger(Term):
    """The logger is the named one, or stands below it."""

    value: Wildcard

    @property
    def required(self) -> tuple[str, ...]:
        return self.value.literals

    def decide(self, row: Row) -> bool:
        name = fold(row.entry.logger)
        return self.value.matches(name) or self.value.before(".").matches(name)

    def explain(self) -> str:
        return f"logger {_is(self)} '{self.value.text}' or below it"


@dataclass(frozen=True, kw_only=True)
class Type(Term):
    """The exception's type has the given name, in whatever module."""

    value: Wildcard

    @property
    def required(self) -> tuple[str, ...]:
        return self.value.literals

    def decide(self, row: Row) -> bool:
        name = fold(row.entry.exception_type)
        return self.value.matches(name) or self.value.after(".").matches(name)

    def explain(self) -> str:
        return f"exception type {_is(self)} '{self.value.text}'"


@dataclass(frozen=True, kw_only=True)
class EnvValue(Term):
    """An env value, found by its path, is the given one; of a list or mapping one of the values within."""

    path: str
    value: Wildcard
    title: str

    @property
    def needs_env(self) -> bool:
        return True

    @property
    def required(self) -> tuple[str, ...]:
        if self.path == "time":
            return ()  # added by the store, and no part of what is kept as JSON
        return self.value.literals or tuple(run for key in self.path.split(".") for run in literals(key))

    def decide(self, row: Row) -> None:  # noqa: ARG002 - the entry has no say
        return None

    def holds_in(self, sample: Sample) -> bool:
        found = sample.at(self.path)
        if self.value.is_anything:
            return any(True for _ in found)
        return any(self.value.matches(fold(leaf)) for value in found for leaf in leaves(value))

    def explain(self) -> str:
        return f"{self.title} {_is(self)} '{self.value.text}'"


@dataclass(frozen=True, kw_only=True)
class Version(Term):
    """The entry was seen in a version of the app."""

    value: Wildcard

    @property
    def needs_env(self) -> bool:
        return True

    @property
    def required(self) -> tuple[str, ...]:
        return self.value.literals

    def decide(self, row: Row) -> bool | None:
        return any(self.value.matches(fold(version)) for version in row.entry.versions) or None

    def holds_in(self, sample: Sample) -> bool:
        version = sample.env.get("application_version")
        return isinstance(version, str) and self.value.matches(fold(version))

    def explain(self) -> str:
        return f"{'never seen' if self.negated else 'seen'} in version '{self.value.text}'"


@dataclass(frozen=True, kw_only=True)
class Count(Term):
    """How often the entry was seen; None stands for no bound."""

    minimum: int | None
    maximum: int | None

    def decide(self, row: Row) -> bool:
        count = row.entry.count
        return (self.minimum is None or count >= self.minimum) and (self.maximum is None or count <= self.maximum)

    def explain(self) -> str:
        return f"count {_is(self)} {self._range()}"

    def _range(self) -> str:
        if self.minimum == self.maximum:
            return str(self.minimum)
        if self.minimum is None:
            return f"at most {self.maximum}"
        return f"at least {self.minimum}" if self.maximum is None else f"{self.minimum} to {self.maximum}"


@dataclass(frozen=True, kw_only=True)
class LastSeen(Term):
    """When the entry was last seen, in milliseconds, bounds included. Never negated."""

    since_ms: int | None = None
    until_ms: int | None = None

    def decide(self, row: Row) -> bool:
        last = row.entry.last_seen
        return (self.since_ms is None or last >= self.since_ms) and (self.until_ms is None or last <= self.until_ms)

    def explain(self) -> str:
        bounds = (("since", self.since_ms), ("until", self.until_ms))
        return "last seen " + " ".join(f"{word} {show(bound)}" for word, bound in bounds if bound is not None)


@dataclass(frozen=True, kw_only=True)
class Flag(Term):
    """The entry is protected, solved or regressed."""

    name: str

    def decide(self, row: Row) -> bool:
        return row.entry.has(self.name)

    def explain(self) -> str:
        return f"it {_is(self)} {self.name}"


def _is(term: Term) -> str:
    return "is not" if term.negated else "is"
