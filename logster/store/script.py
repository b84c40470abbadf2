"""Loads the Lua scripts and checks every call of one against its header. Does not talk to Redis."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

Word = str | bytes | int

_SCRIPTS = files("logster.store") / "scripts"
_FIELD = re.compile(r"^-- (KEYS|ARGV|Returns|Cost|Uses): *(.*(?:\n--   .*)*)$", re.MULTILINE)


class Signature(NamedTuple):
    """What a header line names: `names`, and where the last has an ellipsis, any number of values after them."""

    names: tuple[str, ...]
    is_open: bool

    @classmethod
    def parse(cls, text: str) -> "Signature":
        names = _names(text)
        is_open = bool(names) and names[-1].endswith("...")
        return cls(names[:-1] if is_open else names, is_open)


class Script:
    """One Lua script; its header says what it takes."""

    def __init__(self, name: str, body: str) -> None:
        self.name = name
        self.header = dict(_FIELD.findall(body))
        self.keys = Signature.parse(self.header["KEYS"])
        self.arguments = Signature.parse(self.header["ARGV"])
        self._names = frozenset(self.arguments.names)
        self.source = "".join(_shared(each) for each in _names(self.header["Uses"])) + body
        self.sha = hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()

    def words(self, keys: Sequence[str], rest: Sequence[Word], arguments: Mapping[str, Word]) -> list[Word]:
        """Return the words of an EVALSHA call, arguments in the header's order.

        Raises:
            TypeError: the call does not give exactly what the header names.
        """
        if not self._takes(keys, rest, arguments):
            raise TypeError(f"{self.name}.lua takes KEYS: {self.header['KEYS']}; ARGV: {self.header['ARGV']}")
        named = [arguments[name] for name in self.arguments.names]
        return ["EVALSHA", self.sha, len(keys), *keys, *named, *rest]

    def _takes(self, keys: Sequence[str], rest: Sequence[Word], arguments: Mapping[str, Word]) -> bool:
        enough = len(keys) >= len(self.keys.names)
        return (
            (enough if self.keys.is_open else len(keys) == len(self.keys.names))
            and arguments.keys() == self._names
            and (self.arguments.is_open or not rest)
        )


@cache
def script(name: str) -> Script:
    """Return the script in the file of that name."""
    return Script(name, (_SCRIPTS / f"{name}.lua").read_text(encoding="utf-8"))


def source_of(sha: str) -> str:
    """Return the text of the script with this hash."""
    return next(each.source for each in all_scripts() if each.sha == sha)


@cache
def all_scripts() -> tuple[Script, ...]:
    """Return every script there is."""
    names = sorted(file.name for file in _SCRIPTS.iterdir() if file.name.endswith(".lua"))
    return tuple(script(name.removesuffix(".lua")) for name in names)


def _shared(name: str) -> str:
    return (_SCRIPTS / "shared" / f"{name}.lua").read_text(encoding="utf-8") + "\n"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in re.split(r"[,\s-]+", text) if name and name != "none")
