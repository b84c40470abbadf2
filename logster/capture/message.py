"""A record's template and arguments → its message, whatever they are."""

from functools import lru_cache
from typing import Any

import re2

from logster.capture.plain import bounded, is_a, safe_repr, safe_str

LONG = 10_000
"""The longest message that is kept, in characters."""

_WIDE = re2.compile(r"%[^a-zA-Z%]*\d{6}")


def message_of(template: object, args: Any) -> str:
    """Return the message of a record, or what can be said about it where it cannot be formatted."""
    if is_a(template, bytes):
        text = bytes.__getitem__(template, slice(LONG)).decode(errors="backslashreplace")
    else:
        text = safe_str(template)
    if not are_given(args):
        return text
    try:
        if _is_exhausting(text, args):
            raise OverflowError
        return str(text % args)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"{text} % {bounded(safe_repr(args), 2_000)} (formatting failed: {type(error).__name__})"


def _is_exhausting(template: str, args: Any) -> bool:
    """Return whether a field width asks for more text than anyone would want to read."""
    if _is_wide(template):
        return True
    return "*" in template and any(type(each) is int and abs(each) > LONG for each in args)


@lru_cache(maxsize=250)
def _is_wide(template: str) -> bool:
    return _WIDE.search(template) is not None


def are_given(args: Any) -> bool:
    """Return whether a record has arguments for its message."""
    return args is not None and not (type(args) in (tuple, dict) and not args)
