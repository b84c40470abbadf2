"""Gives each visitor a log of his own: a cookie names his sandbox, and what he causes, sees and changes is in there.

Whoever is no browser that shows pages, and so most robots and health checks, gets no sandbox, and no log.
"""

import re
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logster.errors import LogsterError
from logster.viewer.quota import sender_of
from web import sandbox
from web.lodgers import Lodgers
from web.quotas import Quotas

COOKIE = "logster_demo"
ROBOTS = re.compile(r"bot\b|bot/|crawl|spider|slurp|preview|monitor|uptime|health|headless-check", re.IGNORECASE)

# The log's own files belong to nobody, and these pages show no log.
SHOW_LOGS = re.compile(r"/|/demo(/.*)?|/logs(/.*)?")
BELONG_TO_NOBODY = re.compile(r"/logs/(static/.*|logster\.js)")
BEGIN_ANEW = "/demo/fresh"
SAFE = ("GET", "HEAD")

Refuse = Callable[[Request, str], Response]


class Visitors:
    """Middleware that finds or makes the sandbox of each request.

    Arguments:
        app: the website with the log in it.
        lodgers: the sandboxes.
        quotas: how often a client may do what.
        refuse: makes the answer to a request that cannot be served, from the request and why.
    """

    def __init__(self, app: ASGIApp, lodgers: Lodgers, quotas: Quotas, refuse: Refuse) -> None:
        self._app = app
        self._lodgers = lodgers
        self._quotas = quotas
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sandbox.enter("")
        path = scope.get("path", "")
        if scope["type"] != "http" or not SHOW_LOGS.fullmatch(path) or BELONG_TO_NOBODY.fullmatch(path):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        refusal = await self._enter(request)
        is_new = sandbox.current() not in ("", request.cookies.get(COOKIE))
        await (refusal or self._app)(scope, receive, _with_cookie(send, request) if is_new else send)

    async def _enter(self, request: Request) -> Response | None:
        """Enter the request's sandbox; return an answer where that is not possible."""
        sender = sender_of(request.client.host if request.client else "")
        if request.method not in SAFE and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return self._refuse(request, "foreign")
        if not self._quotas.allow(sender, request):
            return self._refuse(request, "too-often")
        try:
            why = await self._find(request, sender)
        except LogsterError:
            why = "away"
        if why and request.method in SAFE and not request.url.path.startswith("/logs"):
            return None  # these pages do without
        return self._refuse(request, why) if why else None

    async def _find(self, request: Request, sender: str) -> str:
        """Enter the sandbox of the request, or a new one; return why not, where that is not possible."""
        name = await self._lodgers.returning(request.cookies.get(COOKIE, ""))
        if not name:
            if not _shows_pages(request):
                return "no-sandbox"
            if not self._quotas.allow_new(sender):
                return "too-often"
            name = await self._lodgers.arriving()
            if not name:
                return "all-in-use"
        sandbox.enter(name)
        if request.url.path.startswith("/logs"):
            await self._lodgers.settled(name)
        if request.method in SAFE or request.url.path == BEGIN_ANEW or await self._lodgers.spend(name):
            return ""
        return "used-up"


def _shows_pages(request: Request) -> bool:
    """Return whether it is a browser that asks for a page."""
    headers = request.headers
    agent = headers.get("user-agent", "")
    return "text/html" in headers.get("accept", "") and bool(agent) and not ROBOTS.search(agent)


def _with_cookie(send: Send, request: Request) -> Send:
    """Return a `send` that lets the browser keep the sandbox's name."""
    holder = Response()
    secure = request.url.scheme == "https"
    holder.set_cookie(COOKIE, sandbox.current(), path="/", secure=secure, httponly=True, samesite="lax")

    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", holder.headers["set-cookie"])
        await send(message)

    return complete
