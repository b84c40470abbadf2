"""The website's app: its routes, its headers, and /logs, open to visitors because all in it is made up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import logster
from web import pages
from web.jobs import Jobs

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class SecurityHeaders:
    """Adds the website's headers to answers that do not bring their own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, complete)


def anyone(request: Request) -> bool:
    """Let every visitor see the demo's log."""
    return True


def create(*, jobs: bool = True) -> Starlette:
    """Return the website.

    Arguments:
        jobs: whether jobs that fail now and then run in the background.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if not jobs:
            yield
            return
        with Jobs():
            yield

    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/healthz", pages.health),
            Route("/demo", pages.demo),
            Route("/demo/{fault}", pages.cause, methods=["POST"]),
            Mount("/static", StaticFiles(packages=[("web", "static")])),
        ],
        middleware=[Middleware(SecurityHeaders), Middleware(logster.LogsterMiddleware, authorize=anyone)],
        exception_handlers={404: pages.missing, Exception: pages.failed},
        lifespan=lifespan,
    )
