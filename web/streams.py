"""How many live views are open at a time. Who comes beyond that is told to ask now and then, as the log's page does."""

from collections import Counter

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from web import sandbox

PATH = "/logs/api/events"
IN_ONE_SANDBOX = 4
TOGETHER = 100


class Streams:
    """Middleware that counts the live views of this process."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        name = sandbox.current()
        if self._open[name] >= IN_ONE_SANDBOX or self._open.total() >= TOGETHER:
            await Response(status_code=204)(scope, receive, send)
            return
        self._open[name] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[name] -= 1
            self._open += Counter()  # those without any are dropped
