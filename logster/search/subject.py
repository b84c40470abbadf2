"""What a query looks at: an entry's text, and the values of an env sample, each prepared once."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import msgspec

from logster.entry import Entry, Env
from logster.search.folding import fold

# The store adds it to every sample; its digits would match many a number.
_ADDED = "time"


class Subject:
    """A text in the forms that terms need."""

    @cached_property
    def text(self) -> str:
        raise NotImplementedError

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def encoded(self) -> bytes:
        return self.text.encode(errors="surrogatepass")


class Row(Subject):
    """An entry: its message, then its traceback.

    Arguments:
        entry: what fields are looked at.
        traceback: reads the entry's traceback, where that is worth no work before it is needed.
        extract: yields parts of the text, its ASCII in lower case: some of it, often enough.
    """

    def __init__(
        self, entry: Entry, traceback: Callable[[], str] | None = None, extract: Callable[[], Iterable[bytes]] = tuple
    ) -> None:
        self.entry = entry
        self._traceback = traceback
        self.extract = extract

    @cached_property
    def text(self) -> str:
        traceback = self._traceback() if self._traceback else self.entry.traceback
        return f"{self.entry.message}\n{traceback}"


class Sample(Subject):
    """An env sample: its values, a line each, nested ones too."""

    def __init__(self, env: Env) -> None:
        self.env = env

    @cached_property
    def text(self) -> str:
        values = [value for key, value in self.env.items() if key != _ADDED]
        try:
            return "\n".join(values)
        except TypeError:  # not all of them are strings
            return "\n".join(leaves(values))

    def at(self, path: str) -> Iterator[Any]:
        """Yield what stands at a folded, dotted path; keys may have dots of their own, lists are looked through."""
        waiting: list[tuple[Any, str]] = [(self.env, path)]
        while waiting:
            value, rest = waiting.pop()
            if not rest:
                yield value
            elif isinstance(value, list):
                waiting += [(item, rest) for item in value]
            elif isinstance(value, dict):
                waiting += _below(value, rest)


def leaves(value: Any) -> Iterator[str]:
    """Yield the texts of all values that hold no others."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += reversed(value.values())
        elif isinstance(value, list):
            waiting += reversed(value)
        else:
            yield value if isinstance(value, str) else _number(value)


def names(value: Any) -> Iterator[str]:
    """Yield the names of all values, nested ones too."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _below(values: dict[str, Any], path: str) -> Iterator[tuple[Any, str]]:
    for key, value in values.items():
        folded = fold(key)
        if folded == path:
            yield value, ""
        elif folded and path.startswith(f"{folded}."):
            yield value, path[len(folded) + 1 :]


def _number(value: Any) -> str:
    # As it is stored, since that is where Redis looks for it.
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, OverflowError, msgspec.MsgspecError):
        return ""
