"""Logster for Flask: what fails is reported with its request and user, and the log stands at a path of the app."""

import inspect
from collections.abc import Callable
from typing import Any

import flask
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from werkzeug.wrappers import Response as WerkzeugResponse

from logster import service as services
from logster.capture.context import current_request
from logster.capture.uncaught import capture_exception
from logster.delivery.stderr import complain
from logster.errors import ConfigurationError
from logster.integrations.root_handler import add_root_handler
from logster.middleware.wsgi import LogsterWSGIMiddleware

NAME = "logster"


class Logster:
    """Adds the log to a Flask app: `Logster(app, authorize=…)`, or `Logster(authorize=…)` and `init_app(app)` later.

    Arguments:
        app: the app, where it is there already.
        authorize: who may see the log. A function without arguments is called within the app's own request, where
            `flask.session` and Flask-Login's `current_user` are; it may answer with a redirect to a login. A
            function of one argument gets Starlette's request, as those of `logster.access` do. Nobody may without it.
        path: where the log stands; None for nowhere.
        level: from which level on log records are reported, where the app has no LogsterHandler of its own; None for
            none.
        user_id: returns who uses the app, called within its request; by default whom Flask-Login knows.
        settings: as for `logster.configure`; those in `app.config["LOGSTER"]`, a dict, come after them.
    """

    def __init__(
        self,
        app: flask.Flask | None = None,
        *,
        authorize: Callable[..., Any] | None = None,
        path: str | None = "/logs",
        level: int | str | None = "WARNING",
        user_id: Callable[[], Any] | None = None,
        **settings: Any,
    ) -> None:
        self._authorize = authorize
        self._path = path
        self._level = level
        self._user_id = user_id or _user_of_flask_login
        self._settings = settings
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Add the log to an app.

        Raises:
            ConfigurationError: a setting cannot be used, or the app has a log already.
        """
        if NAME in app.extensions:
            raise ConfigurationError("This Flask app has a Logster already; one init_app() is enough.")
        settings = {**app.config.get("LOGSTER", {}), **self._settings}
        if settings:
            services.configure(**settings)
        add_root_handler(self._level)
        app.extensions[NAME] = self
        app.before_request(self._supply_user)
        flask.got_request_exception.connect(self._report, app)
        app.jinja_env.globals["logster_js"] = self._script
        middleware = LogsterWSGIMiddleware(app.wsgi_app, authorize=self._asked_within(app), path=self._path)
        app.wsgi_app = middleware  # type: ignore[method-assign]

    def _asked_within(self, app: flask.Flask) -> Callable[[Request], Any] | None:
        authorize = self._authorize
        path = (self._path or "").rstrip("/")
        if authorize is None or not _takes_nothing(authorize):
            return authorize

        def ask(request: Request) -> Any:
            with app.request_context(_as_the_app_sees_it(request.scope["wsgi_environ"], path)):
                return _for_starlette(app.ensure_sync(authorize)())

        return ask

    def _report(self, sender: flask.Flask, exception: BaseException, **_: Any) -> None:
        # Flask logs it next, if anybody listens; whoever does finds it marked as reported.
        self._supply_user()
        capture_exception(exception, logger=sender.logger.name)

    def _supply_user(self) -> None:
        request = current_request()
        if request is None:
            return
        try:
            user = self._user_id()
        except Exception as error:  # the app's own code
            complain(f"the user of a request could not be found out: {type(error).__name__}")
            return
        if user is not None and user != "":
            request.supply("user_id", str(user))

    def _script(self, nonce: str = "") -> Markup:
        """Return the element of the script that reports what goes wrong in the page's JavaScript."""
        if self._path is None:
            return Markup("")
        source = f"{flask.request.script_root}{self._path.rstrip('/')}/logster.js"
        if nonce:
            return Markup('<script src="{}" nonce="{}"></script>').format(source, nonce)
        return Markup('<script src="{}"></script>').format(source)


def _user_of_flask_login() -> Any:
    user = flask.g.get("_login_user")
    if user is not None:
        return user.get_id() if user.is_authenticated else None
    # Not by flask.session: Flask would take the answer for one that depends on the cookie, which caches do not keep.
    context = vars(flask.globals.request_ctx._get_current_object())  # type: ignore[attr-defined]
    session = context.get("_session", context.get("session"))
    return dict.get(session, "_user_id") if isinstance(session, dict) else None


def _takes_nothing(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):
        return False
    return True


def _as_the_app_sees_it(environ: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the environ of a request for the log as one of the app's: where the log stands is part of the path."""
    root, below = environ["SCRIPT_NAME"].removesuffix(path), path + environ["PATH_INFO"]
    return {**environ, "SCRIPT_NAME": root, "PATH_INFO": below}


def _for_starlette(answer: Any) -> Any:
    if not isinstance(answer, WerkzeugResponse):
        return answer
    response = Response(answer.get_data(), answer.status_code)
    response.raw_headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
    return response
