"""Any object as plain data: what it looks like now, whatever it is, within bounds.

Owns the safe handling of objects that are not ours. Calls their `__str__` and `__repr__` at most, and survives
whatever these do; only KeyboardInterrupt passes, because a real Ctrl-C cannot be told from one they raise.
"""

import sys
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from pathlib import PurePath
from typing import Any, TypeGuard, TypeVar
from uuid import UUID

T = TypeVar("T")

MAX_TEXT = 20_000
_SHORT = 200
_MAX_DEPTH = 8
_MAX_ITEMS = 200
_MAX_NODES = 2_000
_LARGEST_INT = 2**63

# Immutable, and rendered the same at any later time.
CONSTANTS = frozenset({str, int, float, bool, type(None)})
_SPOKEN = (date, datetime, time, timedelta, Decimal, UUID, PurePath, IPv4Address, IPv6Address)
_BINARY = (bytes, bytearray, memoryview)
_SEQUENCES = (list, tuple, set, frozenset)
_CONTAINERS = (dict, *_SEQUENCES)


def clean(text: str) -> str:
    """Return `text` such that it can be encoded: lone surrogates become escapes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def loaded(module: str, name: str) -> tuple[type, ...]:
    """Return a class of a module that the program has imported, else none: nobody has a value of it then.

    To import what few programs use would take memory in all of them.
    """
    found = getattr(sys.modules.get(module), name, None)
    return (found,) if isinstance(found, type) else ()


def safe_str(value: object) -> str:
    """Return `str(value)` as a genuine str, or a remark on why there is none."""
    return _called(str, value)


def safe_repr(value: object) -> str:
    """Return `repr(value)` as a genuine str, or a remark on why there is none."""
    return _called(repr, value)


def _called(function: Any, value: object) -> str:
    try:
        text = function(value)
        # A subclass of str may lie about everything.
        return text if type(text) is str else str.__str__(text)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"<{type_name(value)}: its {function.__name__}() raised {type(error).__name__}>"


def is_a(value: object, kinds: type[T] | tuple[type[T], ...]) -> TypeGuard[T]:
    """Return whether the type of `value` is one of `kinds`, without asking the object.

    `isinstance` reads `__class__`, which may be a property: one that fails, or one that a lazy object answers by what
    it stands for, so that a user who was only logged would be read from the database.
    """
    return issubclass(type(value), kinds)


def type_name(value: object) -> str:
    """Return the name of the type of `value`, whatever the type says about itself."""
    name = type.__dict__["__name__"].__get__(type(value))
    return name if isinstance(name, str) else "object"


def bounded(text: str, characters: int = MAX_TEXT) -> str:
    """Return `text` within `characters`, without keeping a long one alive."""
    if len(text) <= characters:
        return text
    return f"{text[:characters]}… ({len(text) - characters:,} more characters)"


def plain(value: object) -> Any:
    """Return `value` as dicts with text keys, lists, text, numbers, booleans and None."""
    kind = type(value)
    if kind is str:
        return clean(bounded(value))  # type: ignore[arg-type]
    if kind is bool or value is None:
        return value
    return _Walk().render(value, 0)


def plain_mapping(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return `values` as plain data under text keys; empty where it cannot be read."""
    result = plain(values)
    return result if isinstance(result, dict) else {}


class _Walk:
    """One walk over a value, which ends after a number of nodes however they are connected."""

    def __init__(self) -> None:
        self._nodes = 0
        self._within: set[int] = set()

    def render(self, value: Any, depth: int) -> Any:
        self._nodes += 1
        # As in `is_a`.
        kind = type(value)
        if issubclass(kind, str):
            return clean(bounded(str.__str__(value)))
        if issubclass(kind, bool) or value is None:
            return value
        if issubclass(kind, int):
            return _whole_number(value)
        if issubclass(kind, float):
            number = float.__float__(value)
            return number if number - number == 0 else str(number)
        if issubclass(kind, _BINARY):
            return _binary(value)
        if issubclass(kind, (*_SPOKEN, *loaded("fractions", "Fraction"))):
            return clean(bounded(safe_str(value)))
        if issubclass(kind, _CONTAINERS):
            return self._container(value, depth)
        return clean(bounded(safe_repr(value)))

    def _container(self, value: Any, depth: int) -> Any:
        if id(value) in self._within:
            return "…"
        if depth >= _MAX_DEPTH or self._nodes >= _MAX_NODES:
            return f"<{type_name(value)}>"
        self._within.add(id(value))
        try:
            return self._mapping(value, depth) if is_a(value, dict) else self._sequence(value, depth)
        except RuntimeError:  # changed by another thread at this very moment
            return f"<{type_name(value)} that changed while it was read>"
        finally:
            self._within.discard(id(value))

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, each in dict.items(value):
            if len(result) >= _MAX_ITEMS or self._nodes >= _MAX_NODES:
                result["…"] = f"{dict.__len__(value) - len(result):,} more"
                break
            if type(each) is str and len(each) <= _SHORT and each.isascii():
                result[self._key(key)] = each
            else:
                result[self._key(key)] = self.render(each, depth + 1)
        return result

    def _key(self, key: object) -> str:
        if type(key) is str and len(key) <= _SHORT and key.isascii():
            return key
        return clean(bounded(key if type(key) is str else safe_str(key), _SHORT))

    def _sequence(self, value: Any, depth: int) -> list[Any]:
        result: list[Any] = []
        iterator = _iterator(value)
        for each in iterator:
            if len(result) >= _MAX_ITEMS or self._nodes >= _MAX_NODES:
                result.append("…")
                break
            result.append(self.render(each, depth + 1))
        return result


def _iterator(value: Any) -> Any:
    for kind in _SEQUENCES:
        if is_a(value, kind):
            return kind.__iter__(value)  # type: ignore[arg-type]
    return iter(())


def _whole_number(value: int) -> Any:
    number = int.__int__(value)
    if -_LARGEST_INT <= number < _LARGEST_INT:
        return number
    return str(number) if number.bit_length() < 4_096 else f"<int of {number.bit_length():,} bits>"


def _binary(value: Any) -> str:
    try:
        # Of a subclass, its own methods may do anything.
        view = memoryview(value).cast("B")
    except (TypeError, ValueError, BufferError):
        return f"<{type_name(value)}>"
    text = bytes(view[: MAX_TEXT // 4]).decode(errors="backslashreplace")
    left = view.nbytes - MAX_TEXT // 4
    return text if left <= 0 else f"{text}… ({left:,} more bytes)"
