"""The live view's stream: what changes in the store, as server-sent events. Which pages redraw what is theirs."""

import asyncio
import signal
import time

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from logster.viewer.hub import HUB, Subscriber
from logster.viewer.threads import in_thread
from logster.viewer.visit import visit_of

RETRY_MS = 2_000
HEARTBEAT_SECONDS = 15.0
# A stream ends now and then, so that nobody listens on for long after losing the right to.
STREAM_SECONDS = 300.0
_TICK_SECONDS = 1.0

HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would collect the events otherwise
}


def routes() -> list[Route]:
    return [Route("/api/events", events, methods=["GET"])]


async def events(request: Request) -> Response:
    """Stream what changes; 204 where streams cannot be had, on which the page asks now and then instead."""
    if "wsgi_environ" in request.scope or not _on_asyncio():
        return Response(status_code=204)
    visit = visit_of(request)
    namespace = await in_thread(visit.settings.current_namespace)
    return EventStream(HUB.subscriber(visit.store, namespace))


def _on_asyncio() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class EventStream(Response):
    """Sends what its subscriber receives until the client leaves, the server ends, or its time is over."""

    media_type = "text/event-stream"

    def __init__(self, subscriber: Subscriber) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._subscriber = subscriber

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        async with anyio.create_task_group() as group:
            group.start_soon(self._until_gone, receive, group.cancel_scope)
            with self._subscriber:
                await self._stream(send)
            group.cancel_scope.cancel()

    async def _until_gone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _stream(self, send: Send) -> None:
        end = time.monotonic() + STREAM_SECONDS
        said = time.monotonic()
        piece = f"retry: {RETRY_MS}\n\n".encode()
        try:
            while True:
                if piece:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    said = time.monotonic()
                if time.monotonic() >= end or _server_is_leaving():
                    break
                piece = await self._next(heartbeat=time.monotonic() - said >= HEARTBEAT_SECONDS)
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            pass  # the client is gone, and was not announced as such

    async def _next(self, *, heartbeat: bool) -> bytes:
        with anyio.move_on_after(_TICK_SECONDS):
            return await self._subscriber.receive()
        return b":\n\n" if heartbeat else b""


def _server_is_leaving() -> bool:
    """Return whether uvicorn waits for its connections to end: only its signal handler knows, and streams never do."""
    handler = signal.getsignal(signal.SIGTERM)
    return getattr(getattr(handler, "__self__", None), "should_exit", False) is True
