"""LogsterMiddleware: request env, uncaught errors and the GUI for an ASGI app. Decides nothing about the GUI."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logster.capture.context import RequestContext, bind_what_threads_bound, request_context
from logster.capture.request import asgi_env
from logster.capture.uncaught import capture_exception
from logster.delivery.stderr import complain
from logster.entry import Env
from logster.middleware.mount import MountPoint
from logster.service import Service, current
from logster.viewer.app import Viewer
from logster.viewer.visit import path_below

LOGGER = "logster.asgi"
_IDS = ("identity", "id", "username", "display_name")
REQUEST = ("type", "method", "scheme", "server", "client", "root_path", "path", "query_string")


def user_of(scope: Scope) -> Any:
    """Return the id of the user whom Starlette's AuthenticationMiddleware found; None where there is none."""
    user = scope.get("user")
    if user is None or not getattr(user, "is_authenticated", False):
        return None
    for name in _IDS:
        try:
            found = getattr(user, name, None)
        except NotImplementedError:  # of Starlette's BaseUser, which says no more
            continue
        if type(found) in (str, int, UUID):
            return found
    return None


class LogsterMiddleware:
    """Report what an ASGI app does not catch, with the request that led to it, and show the GUI at `path`.

    Arguments:
        app: the app to wrap.
        authorize: who may see the GUI: called with the request, sync or async; nobody may without it.
        path: where the GUI stands; None for nowhere.
        shown_at: where the app itself has mounted the GUI, for links to entries; `path` by default.
        user_id: returns who uses the app, or None: called with the scope once the app is done or has failed.
        service: whose entries; those of this process by default.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        authorize: Callable[[Request], Any] | None = None,
        path: str | None = "/logs",
        shown_at: str | None = None,
        user_id: Callable[[Scope], Any] = user_of,
        service: Service | None = None,
    ) -> None:
        self._mount = MountPoint(path)
        self._shown = MountPoint(shown_at or path)
        self._user_id = user_id
        self._app = app
        self._viewer = Viewer(authorize, service=service)
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        with request_context(self._env_of(scope), self._shown.shown_at(scope.get("root_path", ""))) as request:
            try:
                await request.follow(self._route(scope, receive, send))
            except Exception as error:
                self._supply_user(request, scope)
                bind_what_threads_bound(request)
                capture_exception(error, logger=LOGGER, service=self._service)
                raise
            self._supply_user(request, scope)

    def _supply_user(self, request: RequestContext, scope: Scope) -> None:
        try:
            user = self._user_id(scope)
        except Exception as error:  # the app's own code
            complain(f"the user of a request could not be found out: {type(error).__name__}")
            return
        if user is not None and user != "":
            request.supply("user_id", str(user))

    def _env_of(self, scope: Scope) -> Callable[[], Env]:
        # The env is made later if at all, so it must not depend on a scope that the app goes on to change.
        settings = (self._service or current()).settings
        copy = {name: scope[name] for name in REQUEST if name in scope}
        copy["headers"] = list(scope.get("headers", ()))
        return partial(asgi_env, copy, headers=settings.request_headers, trusted_hops=settings.trusted_hops)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_below(scope)
        if scope["type"] == "http" and self._mount.holds(path):
            await self._viewer(self._below(scope, path), receive, send)
        else:
            await self._app(scope, receive, send)

    def _below(self, scope: Scope, path: str) -> Scope:
        app_root = scope.get("root_path", "")
        root = app_root + self._mount.path
        below = {**scope, "root_path": root, "path": root + self._mount.below(path)}
        below.setdefault("app_root_path", app_root)  # which Starlette's Mount adds too
        return below

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def watch(message: Message) -> None:
            nonlocal answered
            answered = True
            if message["type"].startswith("lifespan.shutdown."):
                await self._drain()
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            # An app that answers nothing only says that it knows no lifespan.
            if answered:
                capture_exception(error, logger=LOGGER, service=self._service)
            raise

    async def _drain(self) -> None:
        service = self._service or current()
        await asyncio.to_thread(service.worker.flush, service.settings.drain_seconds)
