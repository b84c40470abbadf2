"""LogsterHandler: Python's logging → snapshots → the worker.

Owns what happens on the caller's thread, where nothing may be raised, waited for or formatted.
"""

import logging
import os
from contextlib import suppress
from typing import Any

from logster import service as services
from logster.capture.captured import RECORD_MARK, captured_by, mark
from logster.capture.context import current_request, leave
from logster.capture.leveling import overridden_level, when_levels_vary
from logster.capture.snapshot import RecordSnapshot
from logster.capture.structured import event_record, is_event
from logster.capture.trail import crumb_of
from logster.delivery.silence import silence
from logster.delivery.stderr import complain
from logster.errors import ConfigurationError
from logster.service import Service


class LogsterHandler(logging.Handler):
    """Reports log records.

    Arguments:
        level: what is below it is not reported.
        service: whom to report to; this process's own by default.
        settings: changes to this process's settings, as for `logster.configure()`.

    Raises:
        ConfigurationError: a setting does not exist or its value is not allowed.
    """

    def __init__(self, level: int | str = logging.NOTSET, *, service: Service | None = None, **settings: Any) -> None:
        super().__init__(level)
        if service is not None and settings:
            raise ConfigurationError("LogsterHandler takes either a service or settings, not both.")
        self._service = service
        if settings:
            services.configure(**settings)
        elif service is None and os.environ.get("LOGSTER_SPOOL_DIRECTORY"):
            # What the process before this one left on disk does not wait for the next error.
            with suppress(ConfigurationError):
                services.current()

    @property
    def reported_level(self) -> int:
        """The level from which on records are reported: in this context's `override_level`, that; else its own."""
        overridden = overridden_level()
        own: int = vars(self)["level"]
        return own if overridden is None else overridden

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802 - logging's name
        """Format messages with `fmt`; the one that logging.basicConfig gives to handlers without one counts as none."""
        super().setFormatter(None if _adds_nothing(fmt) else fmt)

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """Do without a lock: a snapshot belongs to one thread, and a lock could hold up a signal handler."""
        self.lock = _NoLock()  # type: ignore[assignment]

    def handle(self, record: logging.LogRecord) -> Any:
        """Emit what the filters let pass; without the lock, of which there is none."""
        passed = self.filter(record) if self.filters else record
        if passed is record:
            if not self._is_counted(record):
                self.emit(record)
        elif passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return passed

    def _is_counted(self, record: logging.LogRecord) -> bool:
        """Return whether what a pattern keeps out stands for a record that is like it, and has counted it."""
        try:
            service = self._service or services.running()
            if service is None or not (standing := service.worker.standing):
                return False
            message = record.msg
            stand: Any = standing.get(message) if type(message) is str else None
            if stand is None or self.formatter is not None or silence.kept or not stand.counts(record):
                return False
            request = current_request()
            if request is not None and record.levelno >= logging.ERROR:
                request.captured = stand.snapshot
        except Exception as error:
            complain(f"a log record could not be taken: {type(error).__name__}")
            return False
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a snapshot of `record` to the worker."""
        # What the writing itself logs would be written, and so on without end.
        if silence.kept:
            return
        try:
            if _is_own(record.name):
                if record.levelno >= self.reported_level:
                    complain(record.getMessage())
                return
            if RECORD_MARK in record.__dict__:
                return
            service = self._service or services.current()
            settings = service.settings
            if settings.breadcrumbs and type(record.levelno) is int and record.levelno < self.reported_level:
                leave(crumb_of(record), settings.breadcrumbs)
                return
            if type(record.msg) is dict and is_event(record.msg):
                record = event_record(record)
            if record.exc_info and _is_repeated(record.exc_info):
                return
            namespace = settings.namespace
            if type(namespace) is not str:
                namespace = settings.current_namespace()
            service.worker.submit(RecordSnapshot(record, namespace, self.formatter, service.app_code))
        except Exception as error:
            complain(f"a log record could not be taken: {type(error).__name__}")

    def flush(self) -> None:
        """Wait, within `drain_seconds`, until everything reported so far is written."""
        try:
            service = self._service or services.running()
            if service is not None:
                service.worker.flush(or_spool=True)
        except Exception as error:
            complain(f"flushing failed: {type(error).__name__}")


class _NoLock:
    """Stands for no lock: false for the Pythons that ask first, and nothing to wait for where 3.13 just enters it."""

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


class _WantedLevel:
    """The `level` of handlers once it varies: breadcrumbs want all records, else those that are reported are wanted."""

    def __get__(self, handler: LogsterHandler | None, owner: type) -> Any:
        if handler is None:
            return self
        service = handler._service or services.running()
        if service is not None and service.settings.breadcrumbs:
            return logging.NOTSET
        return handler.reported_level

    def __set__(self, handler: LogsterHandler, level: int) -> None:
        vars(handler)["level"] = level


def _look_up_levels() -> None:
    # Not before: each call of a logger would pay for a level that code looks up.
    if "level" not in vars(LogsterHandler):
        LogsterHandler.level = _WantedLevel()  # type: ignore[assignment]


when_levels_vary(_look_up_levels)


def _adds_nothing(formatter: logging.Formatter | None) -> bool:
    """Return whether a formatter shows but level and logger, which an entry has anyway."""
    return type(formatter) is logging.Formatter and formatter._fmt in (logging.BASIC_FORMAT, "%(message)s")


def _is_repeated(exc_info: Any) -> bool:
    """Return whether the middleware has reported the exception already, which the server goes on to log."""
    error = exc_info[1] if type(exc_info) is tuple and len(exc_info) == 3 else None
    if not isinstance(error, BaseException):
        return False
    if captured_by(error) == "middleware":
        return True
    mark(error, "handler")
    return False


def _is_own(name: str) -> bool:
    return type(name) is str and name.startswith("logster") and (name == "logster" or name[7] == ".")
