"""The first entry: a real error, logged for a reader who wants to see that everything from here to the list works."""

import logging
import sys

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from logster.capture.snapshot import RecordSnapshot
from logster.service import Service
from logster.viewer.problems import Problem
from logster.viewer.threads import in_thread
from logster.viewer.visit import visit_of

LOGGER = "hello"
FLUSH_SECONDS = 5.0

NOT_WRITTEN = "The entry was taken, and is not written yet. Redis may be away; the list shows it as soon as it is back."


def routes() -> list[Route]:
    return [Route("/trial", trial, methods=["POST"])]


async def trial(request: Request) -> Response:
    """Report an error through the worker, as a handler would, and lead to the list."""
    visit = visit_of(request)
    if not await in_thread(_report, visit.service):
        raise Problem(503, NOT_WRITTEN, retry=False)
    return RedirectResponse(f"{visit.base}?done=trial", 303)


def _report(service: Service) -> bool:
    try:
        raise RuntimeError("Everything works: this error was raised by the button in the empty log.")
    except RuntimeError:
        values = {
            "name": LOGGER,
            "msg": "First light",
            "levelno": logging.ERROR,
            "levelname": "ERROR",
            "pathname": __file__,
            "exc_info": sys.exc_info(),
        }
        record = logging.makeLogRecord(values)
    service.worker.submit(RecordSnapshot(record, service.settings.current_namespace()))
    return service.worker.flush(FLUSH_SECONDS)
