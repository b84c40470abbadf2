"""Breadcrumbs: the last log records below the level that is reported, kept for what may be reported after them.

Owns what is kept of a record, cheaply on the caller's thread, and how it is told later. Where they are kept is the
context's business.
"""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from logster.capture.message import message_of
from logster.capture.plain import CONSTANTS, bounded, clean
from logster.capture.structured import is_event
from logster.entry import Env, level_name
from logster.limits import json_size

KEY = "breadcrumbs"
_LONGEST = 300
_LONGEST_NAME = 100


class Crumb(NamedTuple):
    """What is kept of a record; its message is put together when it is told, unless `args` could change until then."""

    created: float
    level: int
    logger: str
    message: str
    args: Any

    def told(self) -> Env:
        """Return it as data."""
        text = message_of(self.message, self.args) if self.args else self.message
        return {
            "time": int(self.created * 1_000),
            "level": level_name(self.level),
            "logger": self.logger,
            "message": clean(bounded(text, _LONGEST)),
        }


def crumb_of(record: logging.LogRecord) -> Crumb:
    """Return what is kept of `record`."""
    message, args = record.msg, record.args
    if is_event(message):
        message, args = message["event"], None
    if not (type(message) is str and len(message) <= _LONGEST and _are_short(args)):
        message, args = bounded(message_of(message, args), _LONGEST), None
    return Crumb(record.created, record.levelno, bounded(str(record.name), _LONGEST_NAME), message, args)


def told(trail: Sequence[Crumb], max_bytes: int) -> list[Env]:
    """Return the newest of a trail, oldest first, in `max_bytes` of JSON."""
    found: list[Env] = []
    for crumb in reversed(trail):
        each = crumb.told()
        max_bytes -= json_size(each) + 1
        if max_bytes < 0:
            break
        found.append(each)
    return found[::-1]


def _are_short(args: Any) -> bool:
    if not args:
        return True
    return type(args) is tuple and all(
        type(each) in CONSTANTS and (type(each) is not str or len(each) <= _LONGEST) for each in args
    )
