"""A log record as the caller's thread leaves it.

Owns which of a record's values are taken as they are and which are rendered at once. Reads no files, formats no
traceback and keeps nothing alive that could change later.
"""

import copy
import logging
import sys
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Any

from logster import patterns
from logster.capture.app_code import AppCode
from logster.capture.carried import carried
from logster.capture.context import RequestContext, current_bound, current_request, current_trail
from logster.capture.correlation import TRACING, current_span
from logster.capture.message import LONG, are_given, message_of
from logster.capture.plain import CONSTANTS, bounded, clean, is_a, plain, safe_str
from logster.capture.raised import Raised, raised
from logster.capture.renderer import renderer_for
from logster.capture.standing import REPEATABLE, Stand, are_repeatable
from logster.capture.structured import MARK
from logster.capture.variables import Taker
from logster.entry import Env, Occurrence
from logster.redaction import Redactor
from logster.settings import Settings

_modules = sys.modules
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_STANDARD_COUNT = len(vars(logging.makeLogRecord({})))
_MOST_AT_ONCE = 1_000_000_000


class RecordSnapshot:
    """A log record, taken so that it can be rendered at any later time on any thread.

    `text` is the message where it had to be rendered at once, else None; `template` what it was made from.
    `cut` counts the characters of a very long message that were not kept. `is_event` says that the message is the
    name of an event, whose details are env.

    Arguments:
        record: the record.
        namespace: whose it is.
        formatter: makes the message, if there is one.
        app_code: in whose frames local variables are kept; None for nowhere.
    """

    __slots__ = (
        "args",
        "bound",
        "count",
        "cut",
        "exception",
        "extra",
        "fingerprint",
        "function",
        "is_event",
        "is_taken",
        "level",
        "line",
        "logger",
        "namespace",
        "pathname",
        "rendered_args",
        "request",
        "span",
        "stack",
        "template",
        "text",
        "thread",
        "timestamp",
        "trail",
    )

    is_taken: bool  # of what was counted in place of others alone: to set it each time would take time

    def __init__(
        self,
        record: logging.LogRecord,
        namespace: str,
        formatter: logging.Formatter | None = None,
        app_code: AppCode | None = None,
    ) -> None:
        self.namespace = namespace
        self.logger = record.name
        self.level = record.levelno
        self.timestamp = record.created
        self.pathname = record.pathname
        self.line = record.lineno
        self.function = record.funcName
        self.thread = record.threadName
        # A record that came from another process has its traceback as text.
        self.stack = record.stack_info if record.exc_info else record.exc_text or record.stack_info
        self.count = 1
        self.cut = 0
        self.text: str | None = None
        self.rendered_args = False
        self.fingerprint: Any = None
        self.is_event = False
        self.extra: Env | None = None
        self.request: RequestContext | None = current_request()
        self.bound: Mapping[str, Any] = current_bound()
        self.span = current_span() if TRACING in _modules else None
        self.trail = current_trail() if self.request is None else self.request.trail

        if (
            type(self.logger) is not str
            or type(self.level) is not int
            or type(self.timestamp) is not float
            or type(self.pathname) is not str
            or type(self.line) is not int
            or type(self.function) is not str
        ):
            self._mend()
        if self.request is not None and self.level >= logging.ERROR:
            self.request.captured = self

        message = record.msg
        args = record.args
        if type(message) is str and len(message) <= LONG and formatter is None and _are_constant(args):
            self.template = message
            self.args = args
        else:
            self._render(record, formatter)

        self.exception: Raised | None = None
        if record.exc_info:
            self.exception = _raised(record.exc_info, Taker(app_code) if app_code is not None else None)
            if bound := carried(_error_of(record.exc_info)):
                self.bound = {**self.bound, **bound}
        if len(record.__dict__) != _STANDARD_COUNT:
            self._take_extra(record)

    def _mend(self) -> None:
        """Replace what logging itself would never put into a record, but who unpickles one from a socket might."""
        self.logger = "root" if self.logger is None else clean(bounded(safe_str(self.logger), 200))
        self.level = int(self.level) if isinstance(self.level, int) else logging.ERROR
        self.timestamp = _timestamp(self.timestamp, time.time())
        self.pathname = clean(bounded(safe_str(self.pathname), 1_000)) if isinstance(self.pathname, str) else ""
        self.line = int(self.line) if isinstance(self.line, int) else 0
        self.function = clean(safe_str(self.function)) if isinstance(self.function, str) else ""

    def _render(self, record: logging.LogRecord, formatter: logging.Formatter | None) -> None:
        self.args = None
        self.rendered_args = type(record.msg) is str and are_given(record.args)
        template = record.msg
        self.template = clean(template[:LONG]) if type(template) is str else ""
        text = _formatted(record, formatter) if formatter else message_of(template, record.args)
        self.cut = max(len(text) - LONG, 0)
        self.text = clean(text[:LONG])

    def _take_extra(self, record: logging.LogRecord) -> None:
        extra = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        self.fingerprint = _fingerprint(extra.pop("fingerprint", None))
        self.count = _count(extra.pop("count", None))
        self.timestamp = _timestamp(extra.pop("timestamp", None), self.timestamp)
        self.is_event = extra.pop(MARK, None) is True
        env = extra.pop("env", None)
        self.extra = {clean(safe_str(key)): plain(value) for key, value in extra.items()}
        if env is not None:
            rendered = plain(env)
            self.extra.update(rendered if isinstance(rendered, dict) else {"env": rendered})

    @property
    def timestamp_ms(self) -> int:
        return int(self.timestamp * 1_000)

    @property
    def has_args(self) -> bool:
        """Return whether the message was logged as a template with arguments."""
        return bool(self.args) or self.rendered_args

    def message(self) -> str:
        """Return the message; rendered now where that was safe to put off."""
        if self.text is not None:
            return self.text
        if not self.args:
            return clean(self.template)
        return clean(message_of(self.template, self.args))

    def identity(self) -> Hashable | None:
        """Return what equal occurrences have in common, cheaply; None where there is no telling."""
        if self.fingerprint is not None:
            return (self.namespace, self.fingerprint)
        if self.exception is not None:
            known = self.exception.identity()
            return known and (self.namespace, known)
        if self.text is None or self.rendered_args:
            place = self.pathname, self.line, self.function, self.has_args
            return (self.namespace, self.logger, self.level, self.template, place)
        return None

    def subject(self) -> str:
        """Return the text in which patterns are looked for, not redacted."""
        message = self.message()
        if self.exception is None:
            return message
        raised = patterns.raised_text(self.exception.type, self.exception.message)
        return patterns.subject(message, raised) if message else raised

    def said(self) -> Hashable | None:
        """Return what decides the subject; None where it has to be rendered."""
        if self.text is not None or self.exception is not None:
            return None
        args = self.args
        if isinstance(args, tuple) and len(args) == 1:  # as most have, and faster
            return (self.template, args) if type(args[0]) in REPEATABLE else None
        return (self.template, args) if are_repeatable(args) else None

    def stand(self, left_over: Callable[[Any], object]) -> Stand | None:
        """Return what counts the calls like this one, until it is let go; None where this is for itself alone."""
        is_alone = self.text is not None or self.exception or self.stack or self.extra is not None
        return None if is_alone or not are_repeatable(self.args) else Stand(self, left_over)

    @property
    def is_new(self) -> bool:
        """Return whether it is a call's own, and not what was counted in place of others."""
        return not hasattr(self, "is_taken")

    def repeated(self, count: int) -> "RecordSnapshot":
        """Return a snapshot that is so many occurrences as this."""
        result = copy.copy(self)
        result.count = count
        result.is_taken = True
        return result

    def anchor(self) -> Raised | None:
        """Return what has to be kept alive for as long as the identity is kept."""
        return self.exception

    def occurrence(self, settings: Settings, redactor: Redactor) -> Occurrence | None:
        """Return the record rendered, redacted and bounded; None where the settings say to leave it out."""
        return renderer_for(settings, redactor).occurrence(self)

    def env(self, settings: Settings, redactor: Redactor) -> Env:
        """Return the env alone, redacted and bounded."""
        return renderer_for(settings, redactor).env(self)


def _are_constant(args: Any) -> bool:
    if args is None:
        return True
    if type(args) is not tuple:
        return False
    for each in args:
        kind = type(each)
        if kind not in CONSTANTS or (kind is str and len(each) > LONG):
            return False
    return True


def _formatted(record: logging.LogRecord, formatter: logging.Formatter) -> str:
    # The traceback is stored apart, and a formatter would write its text into the record for others to find.
    copy = logging.makeLogRecord({**record.__dict__, "exc_info": None, "exc_text": None, "stack_info": None})
    try:
        return safe_str(formatter.format(copy))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return message_of(record.msg, record.args)


def _error_of(exc_info: Any) -> Any:
    if type(exc_info) is tuple:
        return exc_info[1] if len(exc_info) == 3 else None
    return exc_info


def _raised(exc_info: Any, taker: Taker | None) -> Raised | None:
    error = _error_of(exc_info)
    if not is_a(error, BaseException):
        return None
    return raised(error, exc_info[2] if type(exc_info) is tuple else None, taker)


def _fingerprint(value: Any) -> Any:
    if value is None:
        return None
    rendered = plain(value)
    return tuple(map(str, rendered)) if isinstance(rendered, list) else str(rendered)


def _count(value: Any) -> int:
    return value if type(value) is int and 0 < value <= _MOST_AT_ONCE else 1


def _timestamp(value: Any, default: float) -> float:
    try:
        if is_a(value, datetime):
            return datetime.timestamp(value)
        if type(value) in (int, float) and 0 <= value < 1e11:
            return float(value)
    except (ValueError, OverflowError, OSError):
        pass
    return default
