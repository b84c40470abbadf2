"""ViewerBridge: the GUI, an ASGI app, as a WSGI app. Knows a2wsgi and what it leaves open; serves nothing itself."""

import asyncio
import inspect
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from logster.errors import MissingExtra
from logster.service import Service
from logster.viewer.access import is_public
from logster.viewer.app import Viewer
from logster.viewer.permission import Authorizer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

APP_ROOT = "logster.app_root"
"""The key of a WSGI environ below which the middleware keeps where its app stands."""
_ANSWER = "logster.authorized"
_TASK = "logster.task"
# A loop does not hold tasks that wait: those of an answer that was dropped unread would be destroyed before they are
# ended, which asyncio reports as an error of the program.
_running: set["asyncio.Task[Any] | None"] = set()


_SAFE_IN_QUERY = "".join(map(chr, range(128)))


class ViewerBridge:
    """The GUI for WSGI servers; `authorize` is asked on the request's own thread, where the app's own code runs.

    An `Authorizer` is asked inside the viewer, as in ASGI.

    Raises:
        MissingExtra: a2wsgi is not installed.
    """

    def __init__(self, authorize: Callable[[Request], Any] | None, service: Service | None) -> None:
        self._a2wsgi = _a2wsgi()
        # What works inside the viewer needs nothing of the app, and gets what only the viewer has.
        self._authorize = None if isinstance(authorize, Authorizer) else authorize
        self._viewer = Viewer(_answer if self._authorize else authorize, service=service)
        self._app: Any = None
        self._lock = threading.Lock()
        self._pid = 0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ = _complete(environ)
        if self._authorize and not is_public(environ["PATH_INFO"]):
            scope = self._a2wsgi.build_scope(environ) | {"app_root_path": environ[APP_ROOT]}
            environ[_ANSWER] = self._ask(self._authorize, Request(scope))
        app = self._here()
        return _Answer(_ended(app(environ, start_response), environ, app.loop))

    def _ask(self, authorize: Callable[[Request], Any], request: Request) -> Any:
        try:
            answer = authorize(request)
            return asyncio.run(_awaited(answer)) if inspect.isawaitable(answer) else answer
        except Exception as error:
            return _Failed(error)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["wsgi_environ"][_TASK] = task = asyncio.current_task()
        _running.add(task)
        try:
            await self._viewer(scope, _cut_off(receive), send)
        finally:
            _running.discard(task)

    def _here(self) -> Any:
        # a2wsgi runs an event loop on a thread, and threads do not survive the fork of a preloading server.
        with self._lock:
            if self._pid != os.getpid():
                self._app = self._a2wsgi.ASGIMiddleware(self._run)
                self._pid = os.getpid()
            return self._app


class _Answer:
    """An answer whose status is known when it is returned: some servers, such as granian, ask for it then."""

    def __init__(self, pieces: Generator[bytes, None, None]) -> None:
        self._pieces = pieces
        self._first = next(pieces, None)

    def __iter__(self) -> Iterator[bytes]:
        if self._first is not None:
            yield self._first
            yield from self._pieces

    def close(self) -> None:
        self._pieces.close()


def _cut_off(receive: Receive) -> Receive:
    """Tell when a body ends before its announced length: a2wsgi would ask for the rest of it again and again."""

    async def heard() -> Message:
        message = await receive()
        is_cut = message["type"] == "http.request" and message.get("more_body") and not message.get("body")
        return {"type": "http.disconnect"} if is_cut else message

    return heard


def _ended(
    answer: Iterable[bytes], environ: "WSGIEnvironment", loop: asyncio.AbstractEventLoop
) -> Generator[bytes, None, None]:
    """Yield an answer; end what makes it when nobody wants more of it, which a2wsgi would leave waiting for ever."""
    try:
        yield from answer
    finally:
        if task := environ.get(_TASK):
            loop.call_soon_threadsafe(task.cancel)


def _a2wsgi() -> Any:
    try:
        return import_module("a2wsgi.asgi")
    except ImportError:
        raise MissingExtra("Showing the GUI in a WSGI app", "wsgi") from None


@dataclass(frozen=True)
class _Failed:
    """What `authorize` raised on the request's thread, for the viewer to answer as it answers any other failure."""

    error: Exception


async def _answer(request: Request) -> Any:
    answer = request.scope["wsgi_environ"].get(_ANSWER)
    if isinstance(answer, _Failed):
        raise answer.error
    return answer


async def _awaited(answer: Any) -> Any:
    return await answer


def _complete(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    """Return a copy in which a2wsgi finds what it insists on: a port beside the address, and paths in UTF-8."""
    paths = {
        name: environ.get(name, "").encode("latin-1").decode("utf-8", "replace").encode().decode("latin-1")
        for name in ("SCRIPT_NAME", "PATH_INFO")
    }
    # Servers hand over what no browser sends: bytes that are not ASCII, and lengths that are none.
    query = quote(environ.get("QUERY_STRING", "").encode("latin-1", "replace"), safe=_SAFE_IN_QUERY)
    length = environ.get("CONTENT_LENGTH") or "0"
    rest = {
        "QUERY_STRING": query,
        "CONTENT_LENGTH": length if length.isascii() and length.isdigit() and len(length) < 19 else "0",
        "REMOTE_PORT": environ.get("REMOTE_PORT") or "0",
    }
    return environ | paths | rest
