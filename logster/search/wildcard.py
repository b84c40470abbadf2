"""A value in which `*` stands for anything. Compares whole values, without regard to case."""

from dataclasses import dataclass

from logster.search.folding import fold, literals


@dataclass(frozen=True)
class Wildcard:
    """A folded value, cut at its stars."""

    text: str
    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, *, literal: bool = False) -> "Wildcard":
        """Return the wildcard that `text` writes; `literal` takes a star for a star."""
        folded = fold(text)
        return cls(text, (folded,) if literal else tuple(folded.split("*")))

    @property
    def literals(self) -> tuple[str, ...]:
        return tuple(run for part in self.parts for run in literals(part))

    @property
    def is_anything(self) -> bool:
        return len(self.parts) > 1 and not any(self.parts)

    def before(self, tail: str) -> "Wildcard":
        """Return this value, then `tail`, then anything."""
        return Wildcard(self.text, (*self.parts[:-1], self.parts[-1] + tail, ""))

    def after(self, head: str) -> "Wildcard":
        """Return anything, then `head`, then this value."""
        return Wildcard(self.text, ("", head + self.parts[0], *self.parts[1:]))

    def matches(self, folded: str) -> bool:
        """Return whether a folded value is of this form."""
        if len(self.parts) == 1:
            return folded == self.parts[0]
        first, *between, last = self.parts
        if len(folded) < len(first) + len(last) or not (folded.startswith(first) and folded.endswith(last)):
            return False
        position, end = len(first), len(folded) - len(last)
        for part in between:
            position = folded.find(part, position, end)
            if position < 0:
                return False
            position += len(part)
        return True
