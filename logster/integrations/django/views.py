"""The log as a Django view: asks Django who it is, and hands the request to the viewer, which is an ASGI app.

Async, so that one view serves both: under WSGI Django runs it in an event loop of its own, under ASGI in the server's.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from starlette.requests import Request

from logster.integrations.django.configuration import authorizer, problem
from logster.integrations.django.exchange import answer
from logster.integrations.django.scope import scope_of
from logster.viewer.access import is_public
from logster.viewer.app import Viewer
from logster.viewer.permission import Authorizer

_ANSWER = "logster.authorized"


async def log(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve what stands at `path` below the log.

    Raises:
        ImproperlyConfigured: LOGSTER cannot be used; `manage.py check` says the same.
    """
    if reason := problem():
        raise ImproperlyConfigured(reason)
    below = f"/{path}"
    scope = scope_of(request, below)
    if not is_public(below):
        authorize = authorizer()
        # Those of logster.access that read more than a request are the viewer's own to ask.
        allowed = authorize if isinstance(authorize, Authorizer) else await _ask(authorize, request)
        if isinstance(allowed, HttpResponseBase):
            return allowed
        scope[_ANSWER] = allowed
    return await answer(_viewer, scope, request, streams="wsgi_environ" not in scope)


# The viewer has its own protection against forged requests, and decides itself what everybody may load: what these
# say to Django's middleware. A transaction around a page of the log would serve nothing, and async views can have none.
log.csrf_exempt = True  # type: ignore[attr-defined]
log.login_required = False  # type: ignore[attr-defined]
log._non_atomic_requests = set(connections)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Failed:
    """What `authorize` raised, for the viewer to answer as it answers any other failure."""

    error: Exception


async def _ask(authorize: Callable[[HttpRequest], Any], request: HttpRequest) -> Any:
    try:
        if iscoroutinefunction(authorize) or iscoroutinefunction(type(authorize).__call__):
            return await authorize(request)
        # On the thread on which Django's own code of this request runs, with its connections to databases.
        allowed = await sync_to_async(authorize, thread_sensitive=True)(request)
        return await allowed if inspect.isawaitable(allowed) else allowed
    except Exception as error:
        return _Failed(error)


async def _authorize(request: Request) -> Any:
    allowed = request.scope.get(_ANSWER)
    if isinstance(allowed, _Failed):
        raise allowed.error
    return await allowed(request) if isinstance(allowed, Authorizer) else allowed


_viewer = Viewer(_authorize)
