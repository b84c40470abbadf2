"""What every term of a query can say, and those terms that look at the text: words, phrases, regular expressions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from logster.search import expression
from logster.search.folding import fold, literals
from logster.search.subject import Row, Sample


@dataclass(frozen=True, kw_only=True)
class Term:
    """One condition. `negated` turns it round; what the methods below say is what it says without that."""

    negated: bool = False

    @property
    def needs_env(self) -> bool:
        """Whether an env sample may be needed to decide."""
        return False

    @property
    def required(self) -> tuple[str, ...]:
        """Lowercase ASCII literals that occur in the entry's text or in its env wherever the term holds."""
        return ()

    @property
    def loosened(self) -> Any | None:
        """A regular expression that occurs in the lowercase text of entry or sample wherever the term holds."""
        return None

    def decide(self, row: Row) -> bool | None:
        """Return whether the term holds for an entry whatever its env; None where the env decides."""
        raise NotImplementedError

    def holds_in(self, sample: Sample) -> bool:
        """Return whether the term holds for an env sample."""
        raise NotImplementedError

    def explain(self) -> str:
        """Return what the term demands, negation included."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Sought(Term):
    """What is looked for in message, traceback and env values, and can be shown there."""

    @property
    def needs_env(self) -> bool:
        return True

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the places in a shown text at which it occurs."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Sought):
    """A word or phrase that occurs in message, traceback or an env value, in any case."""

    text: str

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def required(self) -> tuple[str, ...]:
        return literals(self.folded)

    def decide(self, row: Row) -> bool | None:
        return self._is_in_any(row.extract()) or self.folded in row.folded or None

    def _is_in_any(self, parts: Iterable[bytes]) -> bool:
        # Only of ASCII it is certain that what was folded by the store is the same as what is folded here.
        encoded = self.folded.encode() if self.folded.isascii() else None
        return encoded is not None and any(encoded in part for part in parts)

    def holds_in(self, sample: Sample) -> bool:
        return self.folded in sample.folded

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        folded, position = fold(text), 0
        while (position := folded.find(self.folded, position)) >= 0:
            yield position, position + len(self.folded)
            position += len(self.folded)

    def explain(self) -> str:
        if self.negated:
            return f"neither message, traceback nor env contains '{self.text}'"
        return f"message, traceback or env contains '{self.text}'"


@dataclass(frozen=True, kw_only=True)
class Regex(Sought):
    """A regular expression that matches message, traceback or env values."""

    expression: str
    ignore_case: bool
    compiled: Any = field(compare=False, repr=False)

    @cached_property
    def required(self) -> tuple[str, ...]:
        return expression.required(self.expression, ignore_case=self.ignore_case)

    @cached_property
    def loosened(self) -> Any | None:
        return expression.loosened(self.expression)

    def decide(self, row: Row) -> bool | None:
        return self._occurs(row.encoded) or None

    def holds_in(self, sample: Sample) -> bool:
        return self._occurs(sample.encoded)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        # Half a character pair cannot be encoded; one character for another keeps the places.
        valid = text.encode(errors="replace").decode()
        return (match.span() for match in self.compiled.finditer(valid))

    def explain(self) -> str:
        written = f"/{self.expression}/{'i' if self.ignore_case else ''}"
        if self.negated:
            return f"neither message, traceback nor env matches {written}"
        return f"message, traceback or env matches {written}"

    def _occurs(self, encoded: bytes) -> bool:
        return self.compiled.search(encoded) is not None
