"""Protection of changes against requests that other sites make a reader's browser send.

A change has to come from the viewer's own pages, which two things show:

- the browser says so, in `Sec-Fetch-Site` or, over plain HTTP, in `Origin`;
- it brings the token that the page held, and the token fits the cookie. The cookie is a random secret; the token is
  the same secret under a fresh mask each time, so that compressed pages do not leak it byte by byte.

Nothing is kept on the server, so any number of processes and machines agree, and a restart costs no reader's token.
The cookie stands at the path "/": behind a proxy that strips a prefix the viewer cannot know its own, and over HTTPS
the name's prefix `__Host-`, by which browsers refuse the cookie from neighbouring subdomains, asks for it.
"""

import base64
import binascii
import hmac
import secrets
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from logster.viewer.patience import in_time
from logster.viewer.problems import Problem
from logster.viewer.visit import Visit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "x-csrf-token"
FIELD = "csrf_token"
MAX_BODY_BYTES = 1_000_000

FOREIGN = (
    "A change must come from the log's own pages, and this request did not say that it does. Behind a proxy, let it "
    "pass the Host header on, or set trusted_hops where it sends X-Forwarded-Host."
)
OUT_OF_DATE = "This page is out of date, so the change was not made. Reload it and try again."
TOO_LARGE = f"A request may have {MAX_BODY_BYTES:,} bytes at most."

_SECRET_BYTES = 18


def issue(request: Request, visit: Visit) -> None:
    """Give the visit a token for its page; with a new secret where the browser has none yet."""
    known = request.cookies.get(_cookie_name(request, visit), "")
    visit.secret = known if _decoded(known, _SECRET_BYTES) else _encoded(secrets.token_bytes(_SECRET_BYTES))
    visit.token = _masked(visit.secret)


def remember(request: Request, visit: Visit, response: Response) -> None:
    """Let the browser keep the secret that the page's token belongs to."""
    name = _cookie_name(request, visit)
    if visit.secret and request.cookies.get(name) != visit.secret:
        secure = is_secure(request, visit)
        response.set_cookie(name, visit.secret, path="/", secure=secure, httponly=True, samesite="lax")


async def check(request: Request, visit: Visit) -> None:
    """Read the body of a change, and make sure that it comes from the viewer's own pages.

    Raises:
        Problem: it does not, or is too large.
    """
    _check_origin(request, visit)
    visit.body = await _body(request)
    given = request.headers.get(HEADER) or _field(request, visit.body)
    secret = _decoded(request.cookies.get(_cookie_name(request, visit), ""), _SECRET_BYTES)
    token = _unmasked(given)
    if not secret or not token or not hmac.compare_digest(secret, token):
        raise Problem(403, OUT_OF_DATE, title="Out of date", csrf=True)


def _check_origin(request: Request, visit: Visit) -> None:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        allowed = site == "same-origin"
    else:
        allowed = host_of(request.headers.get("origin", "")) in _hosts(request, visit)
    if not allowed:
        raise Problem(403, FOREIGN, title="From elsewhere")


def host_of(origin: str) -> str:
    """Return the host and port of an Origin; empty where it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _hosts(request: Request, visit: Visit) -> set[str]:
    names = ["host", "x-forwarded-host"] if visit.settings.trusted_hops else ["host"]
    return {host for name in names if (host := request.headers.get(name))}


async def _body(request: Request) -> bytes:
    body = bytearray()
    with in_time():
        async for piece in request.stream():
            body += piece
            if len(body) > MAX_BODY_BYTES:
                raise Problem(413, TOO_LARGE)
    return bytes(body)


def _field(request: Request, body: bytes) -> str:
    return form(request, body).get(FIELD, "")


def form(request: Request, body: bytes) -> dict[str, str]:
    """Return the fields of a form; none where the body is no form."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return {}
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return {}


def _cookie_name(request: Request, visit: Visit) -> str:
    return "__Host-logster_csrf" if is_secure(request, visit) else "logster_csrf"


def is_secure(request: Request, visit: Visit) -> bool:
    """Return whether cookies go over HTTPS only."""
    return visit.settings.cookie_secure or request.scope.get("scheme") == "https"


def _masked(secret: str) -> str:
    mask = secrets.token_bytes(_SECRET_BYTES)
    return _encoded(mask + _xor(mask, _decoded(secret, _SECRET_BYTES)))


def _unmasked(token: str) -> bytes:
    both = _decoded(token, 2 * _SECRET_BYTES)
    return _xor(both[:_SECRET_BYTES], both[_SECRET_BYTES:])


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode()


def _decoded(text: str, length: int) -> bytes:
    try:
        value = base64.b64decode(text.encode(), b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        return b""
    return value if len(value) == length else b""
