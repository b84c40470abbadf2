"""ASGI scopes and WSGI environs → env: method, URL, chosen headers, parameters, client address.

Owns what of a request is worth keeping. Never reads a body; redaction comes later, as for every env.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from logster.capture.correlation import ids_of
from logster.capture.plain import bounded, clean
from logster.entry import Env

HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-length",
        "content-type",
        "host",
        "origin",
        "referer",
        "traceparent",
        "user-agent",
        "x-correlation-id",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-request-id",
        "x-requested-with",
    }
)
_MAX_PARAMETERS = 100
_MAX_VALUE = 2_000


def asgi_env(scope: Mapping[str, Any], *, headers: Iterable[str] = (), trusted_hops: int = 0) -> Env:
    """Return the env of an ASGI request.

    Arguments:
        scope: the ASGI connection scope.
        headers: further header names to keep.
        trusted_hops: how many reverse proxies in front append to X-Forwarded-For.
    """
    found = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope.get("headers", ())]
    by_name = _joined(found)
    path = scope.get("path", "")
    root = scope.get("root_path", "")
    # Since ASGI 3 `path` includes `root_path`, which not every server knows.
    full_path = path if path.startswith(root) else root + path
    query = scope.get("query_string", b"").decode("latin-1")
    host = by_name.get("host") or _server(scope.get("server"))
    client = scope.get("client")
    return _env(
        method=scope.get("method", "") or scope.get("type", "").upper(),
        scheme=scope.get("scheme", "http"),
        host=host,
        path=full_path,
        query=query,
        by_name=by_name,
        kept=HEADERS.union(map(str.lower, headers)),
        address=client_address(client[0] if client else "", by_name.get("x-forwarded-for", ""), trusted_hops),
    )


def wsgi_env(environ: Mapping[str, Any], *, headers: Iterable[str] = (), trusted_hops: int = 0) -> Env:
    """Return the env of a WSGI request.

    Arguments:
        environ: the WSGI environ.
        headers: further header names to keep.
        trusted_hops: how many reverse proxies in front append to X-Forwarded-For.
    """
    by_name = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): value
        for key, value in dict(environ).items()
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if isinstance(value, str) and value
    }
    path = decoded(environ.get("SCRIPT_NAME", "")) + decoded(environ.get("PATH_INFO", ""))
    return _env(
        method=environ.get("REQUEST_METHOD", ""),
        scheme=environ.get("wsgi.url_scheme", "http"),
        host=by_name.get("host") or _server((environ.get("SERVER_NAME", ""), environ.get("SERVER_PORT"))),
        path=path,
        query=environ.get("QUERY_STRING", ""),
        by_name=by_name,
        kept=HEADERS.union(map(str.lower, headers)),
        address=client_address(environ.get("REMOTE_ADDR", ""), by_name.get("x-forwarded-for", ""), trusted_hops),
    )


def client_address(peer: str, forwarded_for: str, trusted_hops: int) -> str:
    """Return the address of the client: of X-Forwarded-For only what trusted proxies appended is believed.

    Arguments:
        peer: the address of the connection itself.
        forwarded_for: the X-Forwarded-For header.
        trusted_hops: how many proxies in front of the app append to it.
    """
    if trusted_hops <= 0 or not forwarded_for:
        return peer
    hops = [each.strip() for each in forwarded_for.split(",") if each.strip()]
    return bounded(hops[-min(trusted_hops, len(hops))], 100) if hops else peer


def _env(
    *,
    method: str,
    scheme: str,
    host: str,
    path: str,
    query: str,
    by_name: Mapping[str, str],
    kept: frozenset[str],
    address: str,
) -> Env:
    url = f"{scheme}://{host}{quote(path, safe='/:@!$&()*+,;=~%')}" + (f"?{query}" if query else "")
    env: Env = {"method": method, "url": _text(url), "path": _text(path)}
    if parameters := _parameters(query):
        env["parameters"] = parameters
    env["headers"] = {name: _text(value) for name, value in by_name.items() if name in kept}
    if address:
        env["client_address"] = address
    return env | ids_of(by_name)


def _parameters(query: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return {}
    parameters: dict[str, Any] = {}
    for name, value in pairs:
        name, value = _text(name), _text(value)
        if name in parameters:
            before = parameters[name]
            parameters[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            parameters[name] = value
    return parameters


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _server(server: Any) -> str:
    if not server or not server[0]:
        return ""
    host, port = server[0], server[1]
    return f"{host}:{port}" if port and str(port) not in ("80", "443") else str(host)


def decoded(text: str) -> str:
    """Return a path of a WSGI environ as text."""
    # WSGI hands over UTF-8 as if it were Latin-1.
    return text.encode("latin-1", errors="replace").decode(errors="replace")


def _text(text: str) -> str:
    return clean(bounded(text, _MAX_VALUE))
