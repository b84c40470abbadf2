"""structlog → Logster, where its events do not go through logging; LogsterHandler takes those that do."""

import logging
import sys
from collections.abc import MutableMapping
from types import FrameType
from typing import Any

from logster.capture.handler import LogsterHandler
from logster.capture.plain import safe_str
from logster.service import Service

_LEVELS = {
    "critical": logging.CRITICAL,
    "debug": logging.DEBUG,
    "err": logging.ERROR,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "failure": logging.ERROR,
    "fatal": logging.CRITICAL,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
}


class LogsterProcessor:
    """A processor that reports events and hands them on unchanged: what is bound is env, the event the template.

    It stands before what formats exceptions and before the renderer. An event on its way to a logger of the standard
    library that has a LogsterHandler is left to that.

    Arguments:
        level: what is below it is not reported.
        service: whom to report to; this process's own by default.
    """

    def __init__(self, level: int | str = logging.WARNING, *, service: Service | None = None) -> None:
        self._handler = LogsterHandler(level, service=service)

    def __call__(self, logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        level = _LEVELS.get(method_name, logging.INFO)
        if level >= self._handler.reported_level and not _is_handled(logger, level):
            self._handler.emit(_record(logger, level, event_dict))
        return event_dict


def _is_handled(logger: Any, level: int) -> bool:
    """Return whether a LogsterHandler is to have what goes to `logger`."""
    if not isinstance(logger, logging.Logger):
        return False
    each: logging.Logger | None = logger
    while each is not None:
        if any(isinstance(handler, LogsterHandler) and level >= handler.reported_level for handler in each.handlers):
            return True
        each = each.parent if each.propagate else None
    return False


def _record(logger: Any, level: int, event_dict: MutableMapping[str, Any]) -> logging.LogRecord:
    frame = _caller()
    module = frame.f_globals.get("__name__")
    name = event_dict.get("logger") or (logger.name if isinstance(logger, logging.Logger) else module) or "structlog"
    fields = {**event_dict, "event": safe_str(event_dict.get("event", ""))}
    code = frame.f_code
    return logging.LogRecord(name, level, code.co_filename, frame.f_lineno, fields, None, None, code.co_name)


def _caller() -> FrameType:
    """Return the innermost frame that is neither structlog's nor of this module."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(("structlog.", __name__)):
        frame = frame.f_back
    return frame
