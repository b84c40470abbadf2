"""One exchange with an ASGI app: a Django request goes in, and what the app sends comes out as a Django response."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from starlette.types import ASGIApp, Message, Receive, Scope

from logster.capture.uncaught import capture_exception
from logster.integrations.django.uncaught import LOGGER

_PIECE_BYTES = 65_536

Messages = asyncio.Queue[Message | None]
"""What the app sends, one at a time, and None when it has ended."""


async def answer(app: ASGIApp, scope: Scope, request: HttpRequest, *, streams: bool) -> HttpResponseBase:
    """Return what `app` answers.

    Arguments:
        app: an ASGI app.
        scope: the request as the app shall see it.
        request: the request, for its body.
        streams: whether an answer in several pieces is handed on piece by piece; else it is collected first.
    """
    messages: Messages = asyncio.Queue(1)
    task = asyncio.create_task(_run(app, scope, _body(request), messages))
    try:
        start = await messages.get()
        first = start and await messages.get()
        if start is None or first is None:
            # It ended without an answer, by what it raised.
            await task
            raise RuntimeError("The log did not answer.")
        if streams and first.get("more_body"):
            return _with_headers(_Stream(first, messages, task), start)
        body = [first.get("body", b"")]
        while message := await messages.get():
            body.append(message.get("body", b""))
    except BaseException:
        task.cancel()
        raise
    try:
        await task
    except Exception as error:
        # It has answered with an error page of its own.
        capture_exception(error, logger=LOGGER)
    return _with_headers(HttpResponse(b"".join(body)), start)


async def _run(app: ASGIApp, scope: Scope, receive: Receive, messages: Messages) -> None:
    try:
        await app(scope, receive, messages.put)
    except Exception:
        await messages.put(None)
        raise
    # Who is cancelled has nobody who waits for the end.
    await messages.put(None)


def _body(request: HttpRequest) -> Receive:
    """Return what hands out the request's body in pieces, however large it is."""
    is_over = False

    async def receive() -> Message:
        nonlocal is_over
        if is_over:
            # That the client is gone shows in nobody taking the answer any more.
            await asyncio.Event().wait()
        try:
            piece = await sync_to_async(request.read, thread_sensitive=True)(_PIECE_BYTES)
        except UnreadablePostError:
            return {"type": "http.disconnect"}
        is_over = not piece
        return {"type": "http.request", "body": piece, "more_body": not is_over}

    return receive


class _Stream(StreamingHttpResponse):
    """An answer that goes on while it is sent. The app ends with it, also where nobody wants the rest."""

    def __init__(self, first: Message, messages: Messages, task: "asyncio.Task[None]") -> None:
        self._task = task
        self._loop = asyncio.get_running_loop()
        super().__init__(self._pieces(first, messages))

    async def _pieces(self, first: Message, messages: Messages) -> AsyncIterator[bytes]:
        try:
            yield first.get("body", b"")
            while message := await messages.get():
                yield message.get("body", b"")
            await self._task
        finally:
            self._task.cancel()

    def close(self) -> None:
        """End the app, too; Django calls this on a thread."""
        super().close()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)


def _with_headers(response: Any, start: Message) -> HttpResponseBase:
    response.status_code = start["status"]
    del response.headers["Content-Type"]
    for raw_name, raw_value in start["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name == "set-cookie":
            response.cookies.load(value)
        elif name in response.headers:
            response.headers[name] += f", {value}"
        else:
            response.headers[name] = value
    if response.streaming:
        # Django's compression would hold events back until there are enough of them.
        response.headers["Content-Encoding"] = "identity"
    # What the log refuses is no trouble of the site, which Django would log for it.
    response._has_been_logged = True
    answer: HttpResponseBase = response
    return answer
