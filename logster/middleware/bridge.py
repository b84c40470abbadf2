"""ViewerBridge: the GUI, an ASGI app, as a WSGI app. Knows a2wsgi and what it leaves open; serves nothing itself."""

import asyncio
import inspect
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from logster.errors import MissingExtra
from logster.service import Service
from logster.viewer.access import is_public
from logster.viewer.app import Viewer
from logster.viewer.permission import Authorizer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ANSWER = "logster.authorized"
_TASK = "logster.task"


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
            environ[_ANSWER] = self._ask(self._authorize, Request(self._a2wsgi.build_scope(environ)))
        app = self._here()
        return _ended(app(environ, start_response), environ, app.loop)

    def _ask(self, authorize: Callable[[Request], Any], request: Request) -> Any:
        try:
            answer = authorize(request)
            return asyncio.run(_awaited(answer)) if inspect.isawaitable(answer) else answer
        except Exception as error:
            return _Failed(error)

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["wsgi_environ"][_TASK] = asyncio.current_task()
        await self._viewer(scope, receive, send)

    def _here(self) -> Any:
        # a2wsgi runs an event loop on a thread, and threads do not survive the fork of a preloading server.
        with self._lock:
            if self._pid != os.getpid():
                self._app = self._a2wsgi.ASGIMiddleware(self._run)
                self._pid = os.getpid()
            return self._app


def _ended(answer: Iterable[bytes], environ: "WSGIEnvironment", loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
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
    return {**environ, **paths, "REMOTE_PORT": environ.get("REMOTE_PORT") or "0"}
