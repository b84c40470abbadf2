"""LogsterWSGIMiddleware: request env, uncaught errors and the GUI for a WSGI app. Decides nothing about the GUI."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from logster.capture.context import request_context
from logster.capture.request import decoded, wsgi_env
from logster.capture.uncaught import capture_exception
from logster.entry import Env
from logster.middleware.bridge import APP_ROOT, ViewerBridge
from logster.middleware.mount import MountPoint
from logster.service import Service, current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOGGER = "logster.wsgi"


class LogsterWSGIMiddleware:
    """Report what a WSGI app does not catch, with the request that led to it, and show the GUI at `path`.

    `authorize` runs on the request's own thread and gets a Starlette request; the WSGI environ is its
    `request.scope["wsgi_environ"]`, from which a Flask app reads its session so:

        with app.request_context(request.scope["wsgi_environ"]):
            return flask.session.get("admin")

    Arguments:
        app: the app to wrap.
        authorize: who may see the GUI: called with the request, sync or async; nobody may without it.
        path: where the GUI stands; None for nowhere.
        service: whose entries; those of this process by default.

    Raises:
        MissingExtra: there is a path, and a2wsgi is not installed.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        authorize: Callable[[Request], Any] | None = None,
        path: str | None = "/logs",
        service: Service | None = None,
    ) -> None:
        self._mount = MountPoint(path)
        self._app = self._with_gui(app, ViewerBridge(authorize, service)) if path else app
        self._service = service

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        log_path = self._mount.shown_at(decoded(environ.get("SCRIPT_NAME", "")))
        call = _Call(request_context(self._env_of(environ), log_path), self._service)
        return call.start(self._app, environ, start_response)

    def _env_of(self, environ: "WSGIEnvironment") -> Callable[[], Env]:
        # The env is made later if at all, so it must not depend on an environ that the app goes on to change.
        settings = (self._service or current()).settings
        copy = {name: value for name, value in environ.items() if isinstance(value, str)}
        return partial(wsgi_env, copy, headers=settings.request_headers, trusted_hops=settings.trusted_hops)

    def _with_gui(self, app: "WSGIApplication", gui: ViewerBridge) -> "WSGIApplication":
        def route(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if self._mount.holds(path):
                return gui(self._below(environ, path), start_response)
            return app(environ, start_response)

        return route

    def _below(self, environ: "WSGIEnvironment", path: str) -> "WSGIEnvironment":
        app_root = environ.get("SCRIPT_NAME", "")
        return {
            **environ,
            APP_ROOT: decoded(app_root),
            "SCRIPT_NAME": app_root + self._mount.path,
            "PATH_INFO": self._mount.below(path),
        }


class _Call:
    """One call of the app and the iterable it returned, both run in one context of their own.

    An app may leave its context open between the pieces of its answer (Flask's `stream_with_context` does), so
    the two cannot run in contexts that differ.
    """

    def __init__(self, request: AbstractContextManager[Any], service: Service | None) -> None:
        self._request = request
        self._service = service
        self._context: Context = copy_context()
        self._open = False

    def start(
        self, app: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        self._context.run(self._request.__enter__)
        self._open = True
        try:
            iterable: Iterable[bytes] = self._reporting(app, environ, start_response)
        except BaseException:
            self._leave()
            raise
        if isinstance(iterable, list | tuple) or _is_file(iterable, environ):
            # No code of the app runs any more, and servers know shortcuts for these.
            self._leave()
            return iterable
        return _Body(iterable, self._reporting, self._leave)

    def _reporting(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return self._context.run(function, *arguments)
        except StopIteration:
            raise
        except Exception as error:
            self._context.run(capture_exception, error, logger=LOGGER, service=self._service)
            raise

    def _leave(self) -> None:
        if self._open:
            self._open = False
            self._context.run(self._request.__exit__, None, None, None)


class _Body:
    """The app's iterable, each piece made in the request's context."""

    def __init__(self, iterable: Iterable[bytes], run: Callable[..., Any], leave: Callable[[], None]) -> None:
        self._iterable = iterable
        self._run = run
        self._leave = leave
        self._iterator: Any = None

    def __iter__(self) -> "_Body":
        return self

    def __next__(self) -> bytes:
        if self._iterator is None:
            self._iterator = self._run(iter, self._iterable)
        piece: bytes = self._run(next, self._iterator)
        return piece

    def close(self) -> None:
        close = getattr(self._iterable, "close", None)
        try:
            if close is not None:
                self._run(close)
        finally:
            self._leave()


def _is_file(iterable: Iterable[bytes], environ: "WSGIEnvironment") -> bool:
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(iterable, wrapper)
