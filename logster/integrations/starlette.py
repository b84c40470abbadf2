"""Logster for Starlette and FastAPI: one call adds the reports, with request and user, and the log at a path."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from logster import service as services
from logster.capture.context import current_request
from logster.integrations.root_handler import add_root_handler
from logster.middleware.asgi import LogsterMiddleware, user_of
from logster.middleware.mount import MountPoint
from logster.viewer.app import Viewer


def add_logster(
    app: Starlette,
    *,
    authorize: Callable[[Request], Any] | None = None,
    path: str | None = "/logs",
    level: int | str | None = "WARNING",
    user_id: Callable[[Scope], Any] = user_of,
    **settings: Any,
) -> None:
    """Report what an app does not catch and what it logs, and show the log at `path`.

    The log is a route of the app, before all others: `authorize` finds `request.user` and `request.session` there,
    in whatever order the app's middleware was added.

    Arguments:
        app: the app, which has not answered any request yet.
        authorize: who may see the log: called with the request, sync or async; nobody may without it.
        path: where the log stands; None for nowhere.
        level: from which level on log records are reported, where the app has no LogsterHandler of its own; None for
            none.
        user_id: returns who uses the app, called with the scope once the app is done; by default whom
            AuthenticationMiddleware knows.
        settings: as for `logster.configure`.

    Raises:
        ConfigurationError: a setting or the path cannot be used.
        RuntimeError: the app has answered requests already.
    """
    mount = MountPoint(path)
    if settings:
        services.configure(**settings)
    # The innermost, as middleware may run what is inside it in a task of its own.
    app.user_middleware.append(Middleware(_Followed))
    app.add_middleware(LogsterMiddleware, path=None, shown_at=path, user_id=user_id)
    add_root_handler(level)
    if mount.path:
        # The bare path, too, which a route that catches everything would take.
        app.router.routes.insert(0, Mount(mount.path, Viewer(authorize), name="logster"))
        app.router.routes.insert(1, Route(mount.path, _to_slash, include_in_schema=False))


class _Followed:
    """The app within its middleware, whose sync endpoints and dependencies run on threads that it waits for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = current_request()
        answer = self._app(scope, receive, send)
        await (answer if request is None else request.follow(answer))


async def _to_slash(request: Request) -> RedirectResponse:
    # Relatively, as a proxy may have taken a prefix away.
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"./{request.url.path.rpartition('/')[2]}/{query}", 307)
