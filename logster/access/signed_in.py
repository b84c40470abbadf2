"""A signed-in user: whom the app's own login knows, in any framework."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse

from logster.viewer.permission import Visitor, visitor_of

_NAMES = ("display_name", "username", "email", "name", "id")

Find = Callable[[Request], Any]
May = Callable[[Any], Any]


def signed_in(find: Find | None = None, *, may: May | None = None, login: str = "") -> Callable[[Request], Any]:
    """Return an `authorize` that lets in whom the app has signed in.

    Arguments:
        find: returns the user of a request, or None; sync or async. By default what Starlette's
            AuthenticationMiddleware found. In a WSGI app it runs on the request's own thread. A user whose
            `is_authenticated` is false is nobody.
        may: tells of a user what they may do: an `Access`, or true for everything; sync or async. Every user may do
            everything unless it is given.
        login: where somebody is led who is not signed in: a path in the app, to which the prefix is added under which
            the app stands, or a whole address. Without it they get a 403.
    """

    async def later(request: Request, found: Awaitable[Any]) -> Any:
        answer = decide(request, await found)
        return await answer if inspect.isawaitable(answer) else answer

    async def allowed_later(user: Any, access: Awaitable[Any]) -> Visitor:
        return _visitor(user, await access)

    def decide(request: Request, user: Any) -> Any:
        if not user or not _is_authenticated(user):
            return RedirectResponse(_in_app(request, login), 303) if login else None
        access = True if may is None else may(user)
        return allowed_later(user, access) if inspect.isawaitable(access) else _visitor(user, access)

    def authorize(request: Request) -> Any:
        user = (find or _of_scope)(request)
        return later(request, user) if inspect.isawaitable(user) else decide(request, user)

    return authorize


def _in_app(request: Request, login: str) -> str:
    if not login.startswith("/") or login.startswith("//"):
        return login
    # As Starlette's url_for has it: where the outermost app stands, whatever is mounted in it.
    root: str = request.scope.get("app_root_path", "").strip("/")
    # A root that a proxy's header tells may be anybody's, and with two slashes it would be another host.
    return (f"/{quote(root)}" if root else "") + login


def _of_scope(request: Request) -> Any:
    return request.scope.get("user")


def _is_authenticated(user: Any) -> bool:
    answer = getattr(user, "is_authenticated", True)
    return bool(answer() if callable(answer) else answer)


def _visitor(user: Any, answer: Any) -> Visitor:
    found = visitor_of(answer)
    return Visitor(found.name or _name(user), found.access)


def _name(user: Any) -> str:
    if isinstance(user, str | int):
        return str(user) if user is not True else ""
    values = (user.get(name) if isinstance(user, Mapping) else getattr(user, name, None) for name in _NAMES)
    return next((str(value) for value in values if isinstance(value, str | int) and value != ""), "")
