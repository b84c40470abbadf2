"""A value as it can be shown: what it was on the caller's thread, bounded, and its text, redacted, on the worker's.

Owns how a value is looked at without running code that belongs to it. So nothing here calls `__repr__`, `__str__`,
`__len__`, a property or `isinstance` of a value whose class could have overridden it (a lazy object answers `__class__`
by asking a database): what is not of a built-in type is shown by the name of its class and the attributes that it has.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from pathlib import PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from logster.capture.plain import clean, loaded, type_name
from logster.limits import shorten
from logster.redaction import MASK, Redactor

_MAX_DEPTH = 3
_MAX_ITEMS = 20
_MAX_NODES = 1_000
# Longer than what is shown of it, so that a secret is not cut before it is recognised as one.
_MAX_TEXT = 1_000
_MAX_CHARACTERS = 20_000
_SHOWN_TEXT = 200
_SHOWN_VALUE = 500
_LARGEST_BITS = 4_096

# By identity: a metaclass may have a hash of its own.
_NUMBERS = (int, float, complex, bool, type(None), type(...), range, slice)
_SPOKEN = (date, timedelta, Decimal, UUID, IPv4Address, IPv6Address)
_PATHS = (PurePosixPath, PosixPath, PureWindowsPath, WindowsPath)
_ZONES = (type(None), timezone)
_BRACKETS: tuple[tuple[Any, str, str], ...] = (
    (list, "[", "]"),
    (tuple, "(", ")"),
    (set, "{", "}"),
    (frozenset, "frozenset({", "})"),
    (deque, "deque([", "])"),
)

_dict_of_class = type.__dict__["__dict__"].__get__
_mro_of_class = type.__dict__["__mro__"].__get__
_name_of_class = type.__dict__["__qualname__"].__get__
_args_of_error = BaseException.__dict__["args"].__get__


class Verbatim(NamedTuple):
    """A part that is shown as it is; other text is the program's, shown in quotes."""

    text: str


class Shape(NamedTuple):
    """Parts between brackets; each after its name, if it has one, and what stands between the two."""

    opening: str
    parts: tuple[tuple["Node | None", "Node"], ...]
    closing: str
    between: str = ": "


Node: TypeAlias = str | Verbatim | Shape


class Looker:
    """Looks at values, until it has seen enough of them."""

    def __init__(self) -> None:
        self._room = _MAX_NODES
        self._characters = _MAX_CHARACTERS

    def look(self, value: Any, depth: int = 0) -> Node:
        """Return what `value` is now."""
        self._room -= 1
        if self._room < 0:
            return Verbatim("…")
        try:
            return self._look(value, type(value), depth)
        except Exception:
            # Changed by another thread while it was read, or a number too long to be written.
            return Verbatim(f"<{type_name(value)}>")

    def _look(self, value: Any, kind: Any, depth: int) -> Node:
        if kind is str:
            return self._cut(value)
        if is_one_of(kind, _NUMBERS):
            return _number(value)
        if is_one_of(kind, (*_SPOKEN, *loaded("fractions", "Fraction"))):
            return Verbatim(clean(repr(value)))
        if is_one_of(kind, _PATHS):
            return Shape(f"{type_name(value)}(", ((None, self._cut(str(value))),), ")")
        if (kind is datetime or kind is time) and is_one_of(
            type(value.tzinfo), (*_ZONES, *loaded("zoneinfo", "ZoneInfo"))
        ):
            return Verbatim(repr(value))
        if kind is bytes or kind is bytearray:
            return Shape("b", ((None, self._cut(value[:_MAX_TEXT].decode(errors="backslashreplace"))),), "")
        if kind is FunctionType or kind is BuiltinFunctionType:
            return Verbatim(f"<function {clean(value.__qualname__)}>")
        if kind is ModuleType:
            return Verbatim("<module>")
        if issubclass(kind, type):
            return Verbatim(f"<class {_name_of_class(value)}>")
        return self._compound(value, kind, depth)

    def _compound(self, value: Any, kind: Any, depth: int) -> Node:
        name = type_name(value)
        if issubclass(kind, Enum):
            member = _attributes(value, kind).get("_name_")
            return Verbatim(f"{name}.{member}" if type(member) is str else f"<{name}>")
        if issubclass(kind, str):
            return Shape(f"{name}(", ((None, self._cut(str.__str__(value))),), ")")
        if issubclass(kind, int):
            return Verbatim(f"{name}({int.__repr__(value)})")
        if issubclass(kind, float):
            return Verbatim(f"{name}({float.__repr__(value)})")
        if depth >= _MAX_DEPTH:
            return Verbatim(f"<{name}>")
        if issubclass(kind, dict):
            prefix, suffix = ("", "") if kind is dict else (f"{name}(", ")")
            pairs = ((self.look(key, depth + 1), each) for key, each in dict.items(value))
            return self._shape(f"{prefix}{{", pairs, f"}}{suffix}", dict.__len__(value), depth)
        for base, opening, closing in _BRACKETS:
            if issubclass(kind, base):
                prefix, suffix = ("", "") if kind is base else (f"{name}(", ")")
                items = ((None, each) for each in base.__iter__(value))
                return self._shape(prefix + opening, items, closing + suffix, base.__len__(value), depth)
        if issubclass(kind, BaseException):
            args = _args_of_error(value)
            return self._shape(f"{name}(", ((None, each) for each in args), ")", len(args), depth)
        attributes = _attributes(value, kind)
        if not attributes:
            return Verbatim(f"<{name}>")
        named = ((Verbatim(self._name(key)), each) for key, each in attributes.items())
        return self._shape(f"{name}(", named, ")", len(attributes), depth, "=")

    def _shape(
        self,
        opening: str,
        parts: Iterable[tuple[Node | None, Any]],
        closing: str,
        count: int,
        depth: int,
        between: str = ": ",
    ) -> Shape:
        shown = [(name, self.look(each, depth + 1)) for name, each in islice(parts, _MAX_ITEMS)]
        more = ((None, Verbatim(f"… {count - _MAX_ITEMS:,} more")),) if count > _MAX_ITEMS else ()
        return Shape(opening, (*shown, *more), closing, between)

    def _cut(self, text: str) -> Node:
        room = min(_MAX_TEXT, self._characters)
        self._characters -= min(len(text), room)
        return clean(shorten(text, room)) if room > 0 else Verbatim("…")

    def _name(self, key: object) -> str:
        cut = self._cut(key) if type(key) is str else Verbatim(f"<{type_name(key)}>")
        return _text(cut)


def text_of(node: Node, redactor: Redactor) -> str:
    """Return how a value is shown, with its secrets masked."""
    return redactor.text(shorten("".join(_pieces(node, redactor)), _SHOWN_VALUE))


def _pieces(node: Node, redactor: Redactor) -> Iterator[str]:
    if isinstance(node, Verbatim):
        yield node.text
    elif isinstance(node, str):
        # Bounded once more after redaction, where nothing secret can be cut in two.
        yield repr(shorten(redactor.text(node), _SHOWN_TEXT))
    else:
        yield node.opening
        values = list(_masked(node.parts, redactor))
        for number, (name, value) in enumerate(values):
            if number:
                yield ", "
            if name is not None:
                yield from _pieces(name, redactor)
                yield node.between
            yield from _pieces(value, redactor)
        if node.opening == "(" and len(values) == 1:
            yield ","
        yield node.closing


def _masked(parts: tuple[tuple[Node | None, Node], ...], redactor: Redactor) -> Iterator[tuple[Node | None, Node]]:
    """Yield parts, each masked that stands under a secret name, as a key, an attribute or the first of a pair."""
    is_pair = len(parts) == 2 and parts[0][0] is None
    named = next((value for name, value in parts if _text(name) in ("name", "key")), None)
    for number, (name, value) in enumerate(parts):
        is_named = (is_pair and number == 1 and redactor.is_secret(_text(parts[0][1]))) or (
            _text(name) == "value" and redactor.is_secret(_text(named))
        )
        is_secret = is_named or redactor.is_secret(_text(name))
        yield name, Verbatim(MASK) if is_secret and not _is_nothing(value) else value


def _text(node: Node | None) -> str:
    if isinstance(node, Verbatim):
        return node.text
    return node if isinstance(node, str) else ""


def _is_nothing(node: Node) -> bool:
    return node == "" or node in (Verbatim("None"), Verbatim("True"), Verbatim("False"))


def _number(value: Any) -> Verbatim:
    if type(value) is int and value.bit_length() > _LARGEST_BITS:
        return Verbatim(f"<int of {value.bit_length():,} bits>")
    if type(value) is slice:  # of anything
        return Verbatim("<slice>")
    return Verbatim(repr(value))


def _attributes(value: object, kind: type) -> Mapping[str, Any]:
    """Return the attributes that an object holds itself, found past everything that its class says about them."""
    slots: dict[str, Any] = {}
    for base in _mro_of_class(kind):
        members = _dict_of_class(base)
        found = members.get("__dict__")
        if found is not None:
            own = found.__get__(value, kind) if type(found) is GetSetDescriptorType else {}
            return {**slots, **dict(islice(own.items(), _MAX_ITEMS + 1))} if type(own) is dict else slots
        for name, member in islice(members.items(), 200):
            if type(member) is MemberDescriptorType and len(slots) <= _MAX_ITEMS:
                try:
                    slots[name] = member.__get__(value, kind)
                except AttributeError:  # not set yet
                    continue
    return slots


def is_one_of(kind: Any, kinds: tuple[Any, ...]) -> bool:
    """Return whether a class is one of these, without asking its metaclass."""
    return any(kind is each for each in kinds)
