"""Exceptions that nobody logged: captured once, whoever meets them first.

Owns the memory of which exception objects were captured.
"""

import logging

from logster import service as services
from logster.capture.snapshot import RecordSnapshot
from logster.delivery.silence import silence
from logster.delivery.stderr import complain
from logster.service import Service

_MARK = "__logster_captured__"


def mark(error: BaseException) -> bool:
    """Remember that `error` is captured, and return whether it was not before."""
    try:
        known = error.__dict__
        if _MARK in known:
            return False
        known[_MARK] = True
    except Exception:
        # It takes no attributes; then capturing it twice is the lesser evil.
        return True
    return True


def capture_exception(
    error: BaseException, *, logger: str = "logster.uncaught", message: str = "", service: Service | None = None
) -> bool:
    """Report an exception that nobody logged, and return whether it was not captured before.

    Arguments:
        error: the exception.
        logger: under whose name.
        message: what happened; the exception itself by default.
        service: whom to report to; this process's own by default.
    """
    try:
        if silence.kept or not mark(error):
            return False
        service = service or services.current()
        record = logging.LogRecord(
            logger, logging.ERROR, "", 0, message, None, (type(error), error, error.__traceback__)
        )
        return service.worker.submit(RecordSnapshot(record, service.settings.current_namespace()))
    except Exception as problem:
        complain(f"an exception could not be captured: {type(problem).__name__}")
        return False
