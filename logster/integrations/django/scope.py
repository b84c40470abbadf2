"""A Django request as an ASGI scope, in which the log is mounted where the URLconf included it."""

from typing import Any

from django.http import Http404

_TAKEN = ("raw_path", "client", "server")


def scope_of(request: Any, below: str) -> dict[str, Any]:
    """Return the scope of `request`, a WSGIRequest or an ASGIRequest.

    Where an answer without an end would hold a worker, it has a `wsgi_environ`.

    Arguments:
        request: the request.
        below: what of its path stands below the log, with a slash in front.

    Raises:
        Http404: the log was included without a slash at the end, so that /logsx would be its own, too.
    """
    full_path = request.META["SCRIPT_NAME"].rstrip("/") + request.path_info
    root = full_path.removesuffix(below)
    if root == full_path:
        raise Http404("The path under which the log is included must end with a slash.")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "root_path": root,
        "app_root_path": request.META["SCRIPT_NAME"].rstrip("/"),
        "path": full_path,
    }
    return scope | (_from_scope(request) if hasattr(request, "scope") else _from_environ(request))


def _from_scope(request: Any) -> dict[str, Any]:
    taken = {name: request.scope[name] for name in _TAKEN if request.scope.get(name)}
    query = request.META["QUERY_STRING"].encode(errors="replace")
    return taken | {"headers": list(request.scope.get("headers", ())), "query_string": query}


def _from_environ(request: Any) -> dict[str, Any]:
    environ = request.environ
    address = environ.get("REMOTE_ADDR")
    return {
        "client": (address, int(environ.get("REMOTE_PORT") or 0)) if address else None,
        "server": (environ.get("SERVER_NAME", ""), int(environ.get("SERVER_PORT") or 0)),
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()
        ],
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1", "replace"),
        "wsgi_environ": environ,
    }
