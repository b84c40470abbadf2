"""A structured event, as structlog hands it to logging: a dict in the place of the message.

Owns which of its keys are the event's own. What else it holds was bound or given, and is env.
"""

import logging
import sys
from typing import Any, TypeGuard

MARK = "_logster_event"
"""The attribute of a record that says that its message is an event."""

# What processors add that a record says anyway.
_OF_RECORD = frozenset(
    (
        *(
            "event",
            "exc_info",
            "exception",
            "stack_info",
            "stack",
            "positional_args",
            "level",
            "level_number",
            "logger",
        ),
        *("timestamp", "filename", "func_name", "lineno", "module", "pathname", "process", "process_name", "qual_name"),
        *("thread", "thread_name", "_record", "_from_structlog"),
    )
)


def is_event(message: object) -> TypeGuard[dict[str, Any]]:
    """Return whether what stands in the place of a message is a structured event."""
    return type(message) is dict and type(message.get("event")) is str


def event_record(record: logging.LogRecord) -> logging.LogRecord:
    """Return the record of a structured event as one of an ordinary message, with what it holds as `env`."""
    fields: dict[str, Any] = record.msg  # type: ignore[assignment]
    kept = {name: value for name, value in record.__dict__.items() if name not in ("_logger", "_name")}
    kept |= {
        "msg": fields["event"],
        "args": fields.get("positional_args") or None,
        "exc_info": record.exc_info or _exc_info(fields.get("exc_info")),
        "exc_text": record.exc_text or fields.get("exception"),
        "stack_info": record.stack_info or fields.get("stack"),
        "env": {name: value for name, value in fields.items() if name not in _OF_RECORD},
        MARK: True,
    }
    return logging.makeLogRecord(kept)


def _exc_info(given: Any) -> Any:
    if isinstance(given, BaseException):
        return (type(given), given, given.__traceback__)
    if isinstance(given, tuple):
        return given
    return sys.exc_info() if given else None
