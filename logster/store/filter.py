"""What a namespace's patterns say about an occurrence, compiled, with the version of the patterns that they are.

Owns how many patterns are asked at once. Where they are kept and counted is for `patterns`.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any

from logster.entry import Env
from logster.errors import InvalidPattern
from logster.patterns import Pattern, Rule, compiled, encoded

CODE = "code:"
"""Where the hits of a rule of the app's own are counted: under this and the rule's text."""

_UNKNOWN = "unknown"
# The same few messages come again and again; each may be of 11,000 characters.
_KNOWN_SUBJECTS = 100
_KNOWN_PASSED = 250


class Filter:
    """The rules of the app, and the patterns of one namespace in the order in which they are asked.

    Arguments:
        rules: what the app never wants reported.
        suppression: patterns of what nobody wants reported.
        grouping: patterns of what becomes one row.
        version: which patterns these are; by default such as no namespace has.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        suppression: Sequence[Pattern] = (),
        grouping: Sequence[Pattern] = (),
        version: str = _UNKNOWN,
    ) -> None:
        self.version = version
        self._by_message = [rule for rule in rules if not rule.needs_env]
        self._by_env = [rule for rule in rules if rule.needs_env]
        self._suppression = suppression
        self._grouping = grouping
        by_message = [rule.expression for rule in self._by_message]
        self.suppresses = bool(rules or suppression)
        """Whether there is anything that could keep an occurrence out."""
        self.needs_env = bool(self._by_env)
        """Whether the env may decide."""
        self.passed: set[Hashable] = set()
        """Some of what says nothing that is kept out, as `let_pass` was told."""
        self._may_suppress = _any_of(by_message + [pattern.expression for pattern in suppression])
        # To ask all at once saves nothing where there is but one.
        self._may_group = _any_of([pattern.expression for pattern in grouping]) if len(grouping) != 1 else _always

    @property
    def is_known(self) -> bool:
        """Return whether the patterns were ever read."""
        return self.version != _UNKNOWN

    def suppressed_by(self, subject: str, env: Callable[[], Env]) -> str:
        """Return under which name an occurrence that is kept out is counted; empty where it is not."""
        if self._may_suppress(subject):
            for rule in self._by_message:
                if rule.matches(subject, {}):
                    return CODE + rule.text
            for pattern in self._suppression:
                if pattern.matches(subject):
                    return pattern.text
        if self._by_env:
            found = env()
            return next((CODE + rule.text for rule in self._by_env if rule.matches(subject, found)), "")
        return ""

    def may_suppress(self, subject: str) -> bool:
        """Return whether a rule or pattern matches, as far as the message decides; cheap."""
        return bool(self._may_suppress(subject))

    def let_pass(self, said: Hashable) -> None:
        """Remember what says nothing that is kept out; may be asked where the env decides nothing."""
        if len(self.passed) >= _KNOWN_PASSED:
            self.passed.clear()
        self.passed.add(said)

    def grouped_by(self, subject: str) -> str:
        """Return the pattern of the group that an occurrence belongs to; empty where it belongs to none."""
        if self._may_group(subject):
            return next((pattern.text for pattern in self._grouping if pattern.matches(subject)), "")
        return ""


def _always(_: str) -> bool:
    return True


def _any_of(expressions: Sequence[str]) -> Callable[[str], Any]:
    """Return what tells whether any expression matches: one walk over the text, however many there are."""
    if not expressions:
        return lambda _: None
    # A quotation that is not closed would swallow what follows it.
    if any(r"\Q" in expression for expression in expressions):
        return _always
    try:
        search = compiled("|".join(f"(?:{each})" for each in expressions), large=True).search
    except InvalidPattern:  # too large as one
        return _always
    return lru_cache(maxsize=_KNOWN_SUBJECTS)(lambda subject: search(encoded(subject)) is not None)
