"""Gate: who gets in. It stands before every route, so that a new one is closed until it is declared public."""

import inspect
import logging
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from logster.viewer import csrf, problems
from logster.viewer.beacon import PUBLIC_PATHS
from logster.viewer.permission import Access, visitor_of
from logster.viewer.problems import Problem
from logster.viewer.rendering import page
from logster.viewer.sentry import PUBLIC_PATH
from logster.viewer.threads import in_anyio_thread
from logster.viewer.visit import Visit, visit_of

Authorize = Callable[[Request], Any]

# The package's own style sheets, icons and scripts: the same in every installation, and the pages that turn
# somebody away need them too.
PUBLIC_PREFIX = "/static/"

NOT_ALLOWED = "You may not see this log."
ONLY_LOOK = "You may look at this log, and not change anything in it."
UNDECIDED = "Whether you may see this log could not be found out, so it stays closed. The app logged why."

_logger = logging.getLogger("logster.viewer")


# Pages that only ask whether a change is really meant.
_ASKING = ("/clear", "/group")


def is_public(path: str) -> bool:
    """Return whether `path` is served without asking `authorize`."""
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIX) or PUBLIC_PATH.fullmatch(path) is not None


class Gate:
    """Asks `authorize` for every request, and the CSRF check for every change; lets nothing else through.

    `authorize` is called with a Starlette request. A falsy answer is a 403; a Response is sent as it is, such as a
    redirect to a login; a string says who it is. An async function runs on the event loop; any other on a thread,
    because it may ask a database, in a copy of the request's context: context variables are there, thread-locals
    are not.
    """

    def __init__(self, app: ASGIApp, authorize: Authorize | None) -> None:
        self._app = app
        self._authorize = authorize
        # An object whose __call__ is async counts as async, too.
        self._is_async = any(map(inspect.iscoroutinefunction, (authorize, type(authorize).__call__)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        refusal = None if is_public(visit_of(request).path) else await self._refusal(request)
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        visit = visit_of(request)
        if self._authorize is None:
            return _closed(request)
        try:
            answer = await self._ask(self._authorize, request)
            visit.visitor = visitor_of(answer)
        except Exception:
            _logger.exception("authorize() of the log viewer failed; the log stays closed")
            return problems.response(request, Problem(500, UNDECIDED, title="Closed"))
        if isinstance(answer, Response):
            visit.visitor = None
            return answer
        if not visit.visitor:
            return problems.response(request, Problem(403, NOT_ALLOWED))
        if visit.visitor.access is not Access.EDIT and _is_change(request, visit):
            return problems.response(request, Problem(403, ONLY_LOOK, title="Read only", read_only=True))
        return await _refused_change(request, visit)

    async def _ask(self, authorize: Authorize, request: Request) -> Any:
        if self._is_async:
            return await authorize(request)
        answer = await in_anyio_thread(authorize, request)
        return await answer if inspect.isawaitable(answer) else answer


def _is_change(request: Request, visit: Visit) -> bool:
    is_asking = visit.path in _ASKING or (visit.path.startswith("/show/") and visit.path.endswith("/suppress"))
    return is_asking or request.method not in csrf.SAFE_METHODS


async def _refused_change(request: Request, visit: Visit) -> Response | None:
    if request.method in csrf.SAFE_METHODS:
        # No page, no form.
        if not problems.is_api(visit.path):
            csrf.issue(request, visit)
        return None
    try:
        await csrf.check(request, visit)
    except Problem as problem:
        return problems.response(request, problem)
    except ClientDisconnect:
        return Response(status_code=400)
    return None


def _closed(request: Request) -> Response:
    if problems.is_api(visit_of(request).path):
        return problems.document(Problem(403, "The log is closed: it was mounted without authorize."))
    return page(request, "closed.html", status=403)
