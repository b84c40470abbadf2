"""LogsterMiddleware: request env, uncaught errors and the GUI for an ASGI app. Decides nothing about the GUI."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logster.capture.context import request_context
from logster.capture.request import asgi_env
from logster.capture.uncaught import capture_exception
from logster.entry import Env
from logster.middleware.mount import MountPoint
from logster.service import Service, current
from logster.viewer.app import Viewer
from logster.viewer.visit import path_below

LOGGER = "logster.asgi"
REQUEST = ("type", "method", "scheme", "server", "client", "root_path", "path", "query_string")


class LogsterMiddleware:
    """Report what an ASGI app does not catch, with the request that led to it, and show the GUI at `path`.

    Arguments:
        app: the app to wrap.
        authorize: who may see the GUI: called with the request, sync or async; nobody may without it.
        path: where the GUI stands; None for nowhere.
        service: whose entries; those of this process by default.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        authorize: Callable[[Request], Any] | None = None,
        path: str | None = "/logs",
        service: Service | None = None,
    ) -> None:
        self._mount = MountPoint(path)
        self._app = app
        self._viewer = Viewer(authorize, service=service)
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        with request_context(self._env_of(scope), self._mount.shown_at(scope.get("root_path", ""))):
            try:
                await self._route(scope, receive, send)
            except Exception as error:
                capture_exception(error, logger=LOGGER, service=self._service)
                raise

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
        root = scope.get("root_path", "") + self._mount.path
        return {**scope, "root_path": root, "path": root + self._mount.below(path)}

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
