"""Problem: a request that is answered with an error, as RFC 9457 says for the API and as a page for readers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from logster.errors import (
    InvalidCursor,
    InvalidPattern,
    PatternExists,
    PatternNotFound,
    QuerySyntaxError,
    SchemaMismatch,
    StoreUnavailable,
)
from logster.viewer.rendering import page
from logster.viewer.visit import visit_of

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5

AWAY = "Redis cannot be reached, so nothing can be shown right now. Reports wait in the app's memory meanwhile."
FAILED = "The log itself failed. What went wrong was logged by the app."
GONE = "There is no such entry. It may have been deleted, cleared, or trimmed to make room for newer ones."
DETAILS = {404: "There is nothing at this address.", 405: "This address does not take that method."}
TITLES = {400: "This address cannot be read", 403: "Not allowed", 404: "Not found", 503: "Redis is away"}


class Problem(Exception):
    """An answer other than the one that was asked for.

    Arguments:
        status: the HTTP status.
        detail: what happened, and what to do about it; shown to the reader.
        headers: further headers of the answer.
        extra: further members of the problem document.
    """

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, title: str = "", **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or TITLES.get(status) or HTTPStatus(status).phrase
        self.headers = dict(headers or {})
        self.extra = extra


def response(request: Request, problem: Problem) -> Response:
    """Return `problem` in the form that who asked can read."""
    if is_api(visit_of(request).path):
        return document(problem)
    answer = page(request, "problem.html", status=problem.status, problem=problem)
    answer.headers.update(problem.headers)
    return answer


def document(problem: Problem) -> Response:
    """Return `problem` as a problem document."""
    members = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
    return Response(msgspec.json.encode(members | problem.extra), problem.status, problem.headers, MEDIA_TYPE)


def is_api(path: str) -> bool:
    """Return whether a program rather than a reader asks for `path`."""
    return path.startswith("/api/") or path in (
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/report_js_error",
        "/browser_reports",
    )


def gone(key: str) -> Problem:
    """Return the problem that there is no entry `key`."""
    return Problem(404, GONE, title="This entry is gone", key=key)


async def on_error(request: Request, error: Exception) -> Response:
    """Answer a request that ended in `error`."""
    return response(request, _problem(error))


def _problem(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case StoreUnavailable():
            return Problem(503, AWAY, headers={"Retry-After": str(RETRY_SECONDS)}, retry=True)
        case SchemaMismatch():
            return Problem(503, str(error), title="Newer data", headers={"Retry-After": "60"})
        case QuerySyntaxError():
            return Problem(400, error.reason, title="Query not understood", start=error.start, end=error.end)
        case PatternExists():
            return Problem(409, str(error), title="There already")
        case InvalidPattern():
            return Problem(400, str(error), title="Pattern not usable")
        case PatternNotFound():
            return Problem(404, str(error), title="No such pattern")
        case InvalidCursor():
            return Problem(400, str(error))
        case HTTPException():
            return Problem(error.status_code, DETAILS.get(error.status_code, error.detail), headers=error.headers)
        case _:
            return Problem(500, FAILED, title="Something went wrong here")


HANDLERS: dict[Any, Any] = dict.fromkeys(
    (
        *(Problem, StoreUnavailable, SchemaMismatch, QuerySyntaxError, InvalidCursor),
        *(InvalidPattern, PatternNotFound, HTTPException, Exception),
    ),
    on_error,
)
