"""What a view or middleware raised and nobody caught: captured once, and not again as Django logs it."""

import logging
import sys
from typing import Any

from logster.capture.captured import captured_by, mark_record
from logster.capture.context import current_request
from logster.capture.uncaught import capture_exception
from logster.delivery.stderr import complain
from logster.integrations.django.requests import context_of, supply_user

LOGGER = "django.request"


def report(request: Any = None, **_: Any) -> None:
    """Capture the exception that Django is about to answer with an error page: a receiver of got_request_exception."""
    try:
        error = sys.exc_info()[1]
        if error is None:
            return
        context = current_request()
        if context is None and request is not None:
            # Middleware that stands before ours, or ours is not there at all.
            with context_of(request):
                capture_exception(error, logger=LOGGER)
            return
        if context is not None:
            supply_user(context, request)
        capture_exception(error, logger=LOGGER)
    except Exception as problem:
        complain(f"an exception could not be captured: {type(problem).__name__}")


def leave_out(record: logging.LogRecord) -> bool:
    """Let every record pass, and see that LogsterHandler leaves out what tells of a captured exception.

    `report` or the app's own logging was earlier. A filter of Django's logger; other handlers get all as ever.
    """
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if isinstance(error, BaseException) and captured_by(error):
        mark_record(record)
    return True
