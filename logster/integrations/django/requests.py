"""A Django request as the context of what is reported from it: its env, the user as far as known, where the log is.

Asks no database, and wakes no lazy user: a report must not cost the request a query, nor fail where one would.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import ref

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

from logster import service as services
from logster.capture.context import RequestContext, request_context
from logster.capture.plain import bounded, clean, safe_str
from logster.capture.request import asgi_env, wsgi_env
from logster.delivery.stderr import complain
from logster.entry import Env
from logster.integrations.django.mount import log_path

_SCOPE = ("type", "method", "server", "client", "path")


@contextmanager
def context_of(request: HttpRequest) -> Iterator[RequestContext]:
    """Make what is captured inside carry the env of `request`."""
    with request_context(_env_of(request), log_path()) as context:
        try:
            yield context
        finally:
            supply_user(context, request)


def supply_user(context: RequestContext, request: Any) -> None:
    """Say in the env whose request it is, as far as that is known by now; what the app says itself comes first."""
    if (user_id := known_user_id(request)) is not None:
        context.supply("user_id", user_id)


def known_user_id(request: Any) -> str | None:
    """Return the primary key of the user who is signed in; None where nobody is, or where it would take a query."""
    try:
        known = request.__dict__
        users = (_awake(known.get(name)) for name in ("user", "_cached_user", "_acached_user"))
        user = next((each for each in users if each is not None), None)
        # A backend's user may answer to anything, so no more than the key is asked of it.
        key = _key_in_session(known.get("session")) if user is None else getattr(user, "pk", None)
        return None if key is None else clean(bounded(safe_str(key), 200))
    except Exception:
        return None


def _key_in_session(session: Any) -> Any:
    """Return the key of the user whose session it is, where it was loaded already."""
    data = getattr(session, "__dict__", {}).get("_session_cache")
    return data.get(SESSION_KEY) if isinstance(data, Mapping) else None


def _awake(user: Any) -> Any:
    """Return a user; of a lazy one, whom it was already found to stand for."""
    if not issubclass(type(user), LazyObject):
        return user
    found = user.__dict__.get("_wrapped", empty)
    return None if found is empty else found


def _env_of(request: HttpRequest) -> Callable[[], Env]:
    # The env is made later if at all, when the request may have changed or be gone.
    try:
        settings = services.current().settings
        options = {"headers": settings.request_headers, "trusted_hops": settings.trusted_hops}
        make = _of_scope(request, options) if hasattr(request, "scope") else _of_environ(request, options)
        return partial(_with_user, make, ref(request))
    except Exception as error:
        complain(f"a request could not be read: {type(error).__name__}")
        return dict


def _of_scope(request: Any, options: dict[str, Any]) -> Callable[[], Env]:
    scope = request.scope
    copy = {name: scope[name] for name in _SCOPE if name in scope}
    copy |= {"headers": list(scope.get("headers", ())), "scheme": request.scheme}
    # A scope of Django's test client has it as text.
    copy["query_string"] = request.META["QUERY_STRING"].encode(errors="replace")
    # Django knows better where the site stands: of FORCE_SCRIPT_NAME the server knows nothing.
    copy["root_path"] = request.META["SCRIPT_NAME"].rstrip("/")
    return partial(asgi_env, copy, **options)


def _of_environ(request: HttpRequest, options: dict[str, Any]) -> Callable[[], Env]:
    copy = {name: value for name, value in request.META.items() if isinstance(value, str)}
    # Django has decoded them, and here they are expected as WSGI hands them over.
    for name in ("SCRIPT_NAME", "PATH_INFO"):
        copy[name] = copy.get(name, "").encode(errors="replace").decode("latin-1")
    copy["wsgi.url_scheme"] = request.scheme
    return partial(wsgi_env, copy, **options)


def _with_user(make: Callable[[], Env], request: Callable[[], Any]) -> Env:
    env = make()
    user_id = known_user_id(request())
    return env if user_id is None else {**env, "user_id": user_id}
