"""Suppression and grouping patterns on a linear-time engine (RE2), and what an app may pass as `ignore`.

Owns how a pattern is written, checked and matched. Where patterns are kept and how often they hit is the store's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

from logster.entry import Occurrence
from logster.errors import ConfigurationError, InvalidPattern

SHORTEST = 4
LONGEST = 499
_LONGEST_RAISED = 1_000

# A pattern is compiled once and kept by every process; this bounds what a hostile one costs.
_MAX_MEMORY = 1 << 20
_WRITTEN = re.compile(r"/(?P<expression>.*)/(?P<flags>[a-z]*)", re.DOTALL)


@dataclass(frozen=True)
class Pattern:
    """A regular expression as users write it: `text` is its one canonical form, `/…/` or `/…/i`.

    Source: RE2's syntax, https://github.com/google/re2/wiki/Syntax.
    """

    text: str
    _regex: Any = field(compare=False, repr=False)

    @property
    def expression(self) -> str:
        """The pattern as RE2 has it, flags included."""
        found: str = self._regex.pattern
        return f"(?i:{found})" if self.text.endswith("/i") else found

    def matches(self, subject: str) -> bool:
        """Return whether the pattern occurs in `subject`."""
        # Of a string, RE2's binding would say at which characters the match begins and ends: two thirds of the time.
        return self._regex.search(encoded(subject)) is not None


@lru_cache(maxsize=4096)
def parse(text: str) -> Pattern:
    """Return the pattern that `text` writes: `/…/`, `/…/i`, or a bare expression.

    Raises:
        InvalidPattern: too short, too long, an unknown flag, not a regular expression, or one that matches
            even the empty text and so everything.
    """
    expression, flags = _split(text)
    canonical = f"/{_slashes_escaped(expression)}/{flags}"
    if not SHORTEST <= len(canonical) <= LONGEST:
        raise InvalidPattern(
            f"A pattern has {SHORTEST} to {LONGEST} characters, its slashes included; this one has {len(canonical)}."
        )
    regex = compiled(expression, ignore_case="i" in flags)
    if regex.search("") is not None:
        raise InvalidPattern("This pattern matches the empty text, and so it would match everything.")
    return Pattern(canonical, regex)


def compiled(expression: str, *, ignore_case: bool = False, large: bool = False) -> Any:
    """Return `expression` compiled by RE2.

    Arguments:
        expression: in RE2's syntax.
        ignore_case: whether letters of both cases are the same.
        large: whether it may take the memory of many.

    Raises:
        InvalidPattern: RE2 does not accept it; the text is RE2's reason.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY * (64 if large else 1)
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(expression, options)
    except (re2.error, UnicodeError) as error:
        raise InvalidPattern(f"Not a regular expression that Logster can use: {_reason(error)}.") from None


def encoded(subject: str) -> bytes:
    """Return a text as expressions are best asked about it where nobody needs the place of what is found."""
    return subject.encode("utf-8", "replace")


def _split(text: str) -> tuple[str, str]:
    written = _WRITTEN.fullmatch(text) if text.startswith("/") else None
    if written is None:
        return text, ""
    flags = written["flags"]
    if flags not in ("", "i"):
        raise InvalidPattern(f"The flag {flags!r} is unknown; a pattern may end in /i to ignore case, and in no other.")
    return written["expression"], flags


def _slashes_escaped(expression: str) -> str:
    return re.sub(r"\\.|/", lambda found: r"\/" if found[0] == "/" else found[0], expression, flags=re.DOTALL)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def raised(occurrence: Occurrence) -> str:
    """Return what patterns look at beside the message: type and message of the exception; empty where that is all."""
    exception = occurrence.exception
    if exception is None:
        return ""
    text = raised_text(exception.type, exception.message)
    return "" if text == occurrence.message else text


def raised_text(type_name: str, message: str) -> str:
    """Return type and message of an exception in the form in which patterns find them."""
    return (f"{type_name}: {message}" if message else type_name)[:_LONGEST_RAISED]


def subject(message: str, raised: str) -> str:
    """Return the text in which a pattern is looked for."""
    return f"{message}\n{raised}" if raised else message


def subject_of(occurrence: Occurrence) -> str:
    """Return the text of an occurrence in which a pattern is looked for."""
    return subject(occurrence.message, raised(occurrence))


@dataclass(frozen=True)
class Rule:
    """What an app never wants reported: all that is given must match.

    Arguments:
        message: a string (found anywhere, in any case) or a compiled regular expression.
        env: the same for values of env keys; a mapping for nested ones.

    Raises:
        ConfigurationError: nothing is given, or a regular expression that RE2 does not accept.
    """

    message: Any = None
    env: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.message is None and not self.env:
            raise ConfigurationError(
                "Setting 'ignore' holds a rule without message and env; allowed is one with either."
            )
        object.__setattr__(self, "_message", None if self.message is None else _matcher(self.message))
        object.__setattr__(self, "_env", _env_matchers(self.env or {}))

    @property
    def text(self) -> str:
        """The rule as it is shown and counted."""
        parts = [] if self.message is None else [_shown(self.message)]
        parts += [f"{key}: {_shown(value)}" for key, value in (self.env or {}).items()]
        return ", ".join(parts)

    @property
    def expression(self) -> str:
        """What the message has to match, as RE2 has it; empty where there is nothing."""
        return "" if self.message is None else _expression(self.message)

    @property
    def needs_env(self) -> bool:
        """Whether the message alone does not decide."""
        return bool(self.env)

    def matches(self, subject: str, env: Mapping[str, Any]) -> bool:
        """Return whether the rule holds for an occurrence."""
        message: Any = self._message  # type: ignore[attr-defined]
        if message is not None and message.search(subject) is None:
            return False
        return _env_matches(self._env, env)  # type: ignore[attr-defined]


def rules(ignore: Iterable[Any]) -> tuple[Rule, ...]:
    """Return the setting `ignore` as rules: strings, regular expressions, mappings over env keys, or rules.

    Raises:
        ConfigurationError: something else, or a regular expression that RE2 does not accept.
    """
    return tuple(_rule(given) for given in ignore)


def _rule(given: Any) -> Rule:
    if isinstance(given, Rule):
        return given
    if isinstance(given, Mapping):
        return Rule(env=given)
    return Rule(message=given)


def _matcher(given: Any) -> Any:
    expression = _expression(given)
    try:
        return compiled(expression)
    except InvalidPattern as error:
        raise ConfigurationError(f"Setting 'ignore' holds {expression!r}. {error}") from None


def _expression(given: Any) -> str:
    if isinstance(given, str) and given:
        return f"(?i:{re2.escape(given)})"
    expression = getattr(given, "pattern", None)
    if isinstance(expression, bytes):
        expression = expression.decode("utf-8", "replace")
    if not isinstance(expression, str):
        raise ConfigurationError(
            f"Setting 'ignore' holds {given!r}; "
            "allowed are strings, regular expressions, and mappings of env keys to these."
        )
    return _flags(given) + expression


def _flags(given: Any) -> str:
    flags = getattr(given, "flags", 0)
    letters = "".join(
        letter for letter, flag in (("i", re.IGNORECASE), ("m", re.MULTILINE), ("s", re.DOTALL)) if flags & flag
    )
    return f"(?{letters})" if letters else ""


def _env_matchers(env: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(key): _env_matchers(value) if isinstance(value, Mapping) else _matcher(value) for key, value in env.items()
    }


def _env_matches(matchers: Mapping[str, Any], env: Any) -> bool:
    if not isinstance(env, Mapping):
        return not matchers
    for key, matcher in matchers.items():
        value = env.get(key)
        if isinstance(matcher, Mapping):
            if not _env_matches(matcher, value):
                return False
        elif value is None or matcher.search(str(value)) is None:
            return False
    return True


def _shown(given: Any) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping):
        return "{" + ", ".join(f"{key}: {_shown(value)}" for key, value in given.items()) + "}"
    expression = given.pattern
    text = expression.decode("utf-8", "replace") if isinstance(expression, bytes) else expression
    return f"/{_slashes_escaped(text)}/{'i' if getattr(given, 'flags', 0) & re.IGNORECASE else ''}"


_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_TOKEN = re.compile(r"\s+|\w+|[^\w\s]", re.UNICODE)


def suggest(messages: Sequence[str]) -> str:
    """Return a pattern, in canonical form, that groups `messages`, or "" where they have too little in common.

    Words that all messages share at the same place stay, what differs becomes a number or anything; where the
    messages are not built alike, their common prefix is proposed.
    """
    if not messages:
        return ""
    lines = [message.split("\n", 1)[0][:300] for message in messages]
    for expression in (_by_words(lines), _escaped(_common_prefix(lines))):
        try:
            pattern = parse(f"/{_slashes_escaped(expression)}/")
        except InvalidPattern:
            continue
        if all(pattern.matches(message) for message in messages):
            return pattern.text
    return ""


def _by_words(lines: Sequence[str]) -> str:
    split = [_TOKEN.findall(line) for line in lines]
    if len({len(tokens) for tokens in split}) != 1:
        return ""
    columns = [set(column) for column in zip(*split, strict=True)]
    if not any(len(column) == 1 and re.search(r"\w", next(iter(column))) for column in columns):
        return ""
    return "^" + "".join(_for_column(column) for column in columns)


def _for_column(column: set[str]) -> str:
    if len(column) == 1:
        token = next(iter(column))
        return _escaped(token)
    return r"\d+" if all(token.isdecimal() for token in column) else r".+"


def _escaped(text: str) -> str:
    # re2.escape also escapes spaces and punctuation, which makes a proposal hard to read.
    return _META.sub(lambda found: "\\" + found[0], text)


def _common_prefix(lines: Sequence[str]) -> str:
    first, last = min(lines), max(lines)
    length = next(
        (at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    prefix = first[:length]
    return prefix if re.search(r"\w{3}", prefix) else ""
