"""What nobody logged: exceptions are captured once, whoever meets them first; records as they are."""

import logging

from logster import service as services
from logster.capture.captured import captured_by, mark
from logster.capture.snapshot import RecordSnapshot
from logster.delivery.silence import silence
from logster.delivery.stderr import complain
from logster.service import Service


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
        if silence.kept or captured_by(error):
            return False
        mark(error, "middleware")
        exc_info = (type(error), error, error.__traceback__)
        return capture_record(logging.LogRecord(logger, logging.ERROR, "", 0, message, None, exc_info), service)
    except Exception as problem:
        complain(f"an exception could not be captured: {type(problem).__name__}")
        return False


def capture_record(record: logging.LogRecord, service: Service | None = None) -> bool:
    """Report a record that went through no logger, and return whether it was taken.

    Arguments:
        record: what happened.
        service: whom to report to; this process's own by default.
    """
    try:
        if silence.kept:
            return False
        service = service or services.current()
        namespace = service.settings.current_namespace()
        return service.worker.submit(RecordSnapshot(record, namespace, app_code=service.app_code))
    except Exception as problem:
        complain(f"a record could not be captured: {type(problem).__name__}")
        return False
