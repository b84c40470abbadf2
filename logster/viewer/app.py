"""Viewer: the log as an ASGI app to mount anywhere. Owns what is assembled from which module, and nothing else."""

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.types import Receive, Scope, Send

from logster import service as services
from logster.service import Service
from logster.viewer import (
    api,
    assets,
    beacon,
    browser_reports,
    bulk,
    completions,
    copies,
    forms,
    live,
    metrics,
    openapi,
    pages,
    patterns,
    sentry,
    suppression,
    trial,
)
from logster.viewer.access import Authorize, Gate
from logster.viewer.headers import SecurityHeaders
from logster.viewer.problems import HANDLERS
from logster.viewer.visit import begin, path_below


class Viewer:
    """The log viewer, closed unless `authorize` lets somebody in.

    Mount it under any prefix: `app.mount("/logs", Viewer(authorize=is_admin))`.

    Arguments:
        authorize: called with each Starlette request, sync (on a thread) or async. A truthy answer lets the request
            in, and a string says who it is; an `Access` or a `Visitor` says who may only look; a falsy one is a 403; a
            Response is sent as it is. An exception closes. `logster.access` has ready-made ones.
        service: whose entries are shown; those of this process by default.
    """

    def __init__(self, authorize: Authorize | None = None, *, service: Service | None = None) -> None:
        self._service = service
        self._app = Starlette(
            routes=[
                # They are tried one after the other, so what is asked for most comes first.
                *beacon.routes(),
                *browser_reports.routes(),
                *sentry.routes(),
                *pages.list_routes(),
                *api.list_routes(),
                *assets.routes(),
                *copies.routes(),
                *suppression.routes(),
                *bulk.routes(),
                *trial.routes(),
                *completions.routes(),
                *pages.routes(),
                *forms.routes(),
                *api.routes(),
                *patterns.routes(),
                *metrics.routes(),
                *openapi.routes(),
                *live.routes(),
            ],
            exception_handlers=HANDLERS,
        )
        # Starlette would build an absolute address from the Host header, which anybody may choose.
        self._app.router.redirect_slashes = False
        self._gate = SecurityHeaders(Gate(self._app, authorize))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # A copy, as the host goes on with its own; and some hosts say their root with a slash.
            scope = {**scope, "root_path": scope.get("root_path", "").rstrip("/")}
            scope["path"] = _whole_path(scope)
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not path_below(scope) and scope["root_path"]:
            await _with_slash(scope)(scope, receive, send)
            return
        service = self._service or services.current()
        self._app.state.service = service
        begin(scope, service)
        await self._gate(scope, receive, send)


def _whole_path(scope: Scope) -> str:
    """Return the path with the prefix of the app, which FastAPI(root_path=…) does not add to what a proxy took away."""
    path: str = scope["path"]
    whole: str = scope.get("app_root_path", "").rstrip("/") + path
    root = scope["root_path"] + "/"
    return whole if not f"{path}/".startswith(root) and f"{whole}/".startswith(root) else path


def _with_slash(scope: Scope) -> RedirectResponse:
    """Lead from /logs to /logs/, from where relative links are right; relatively, as no proxy can make that wrong."""
    query = scope.get("query_string", b"").decode("latin-1")
    segment = scope["root_path"].rpartition("/")[2]
    return RedirectResponse(f"./{segment}/{'?' if query else ''}{query}", 307)
