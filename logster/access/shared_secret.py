"""A shared secret: a login page of the log's own, and a signed cookie for whoever knows the secret."""

import hashlib
import hmac
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from logster.access.attempts import Attempts
from logster.access.login_cookie import Signer, session_of
from logster.errors import ConfigurationError, LogsterError
from logster.viewer import csrf, problems
from logster.viewer.permission import Access, Authorizer, Visitor
from logster.viewer.problems import Problem
from logster.viewer.rendering import page
from logster.viewer.threads import in_thread
from logster.viewer.visit import Visit, visit_of

SHORTEST = 12
TWELVE_HOURS = 12 * 3_600

_WRONG = "That is not the secret."
_WANTED = "The log wants its secret: sign in on its page."
_MAX_NEXT = 2_000


class shared_secret(Authorizer):  # noqa: N801 - reads as the function it is used as
    """An `authorize` with a login page: whoever knows the secret gets a signed cookie.

    To change the secret, put the new one beside the old one, and take the old one away later: each signs its own
    cookies, so whoever came by the old one is signed out then. Ten wrong attempts a minute are answered for each
    client address, by all processes together, then 429. Signing out ends the cookie's copies too.

    Arguments:
        secrets: who knows one of these may look and change; one or several, of 12 characters at least.
        viewers: who knows one of these may look only.
        max_age_seconds: how long a cookie is good.

    Raises:
        ConfigurationError: there is no secret, one is too short or is given twice, or the time is not positive.
    """

    def __init__(
        self,
        secrets: str | Iterable[str] = (),
        *,
        viewers: str | Iterable[str] = (),
        max_age_seconds: int = TWELVE_HOURS,
    ) -> None:
        editing, viewing = _several(secrets), _several(viewers)
        if not editing + viewing or min(map(len, editing + viewing)) < SHORTEST:
            raise ConfigurationError(f"The login page needs a secret of {SHORTEST} characters at least.")
        if len({*editing, *viewing}) < len(editing + viewing):
            raise ConfigurationError("A secret of the login page is given twice.")
        if max_age_seconds < 1:
            raise ConfigurationError("max_age_seconds of the login page is a positive number.")
        self._signers = [
            *((_digest(each), Signer.of(each, Access.EDIT)) for each in editing),
            *((_digest(each), Signer.of(each, Access.VIEW)) for each in viewing),
        ]
        self._max_age_seconds = max_age_seconds
        self._attempts = Attempts()

    async def __call__(self, request: Request) -> Visitor | Response:
        """Return who brings a good cookie; otherwise the way to the login page, or that page."""
        visit = visit_of(request)
        access = await self._access(request, visit)
        is_post = request.method == "POST"
        try:
            if is_post and visit.path == "/login":
                return await self._login(request, visit)
            if is_post and visit.path == "/logout":
                return await _logout(request, visit, is_signed_in=bool(access))
        except Problem as problem:
            return problems.response(request, problem)
        except ClientDisconnect:
            return Response(status_code=400)
        if visit.path == "/login":
            return RedirectResponse(visit.base, 303) if access else _page(request, visit, _next_of(request))
        if access:
            return Visitor(access=access, can_sign_out=True)
        if problems.is_api(visit.path):
            return problems.document(Problem(401, _WANTED, title="Sign in"))
        return RedirectResponse(f"{visit.base}login{_asked(request, visit)}", 303)

    async def _access(self, request: Request, visit: Visit) -> Access:
        cookie = request.cookies.get(_cookie_name(request, visit), "")
        found = [signer.access for _, signer in self._signers if signer.is_good(cookie)]
        if not found:
            return Access.NONE
        # While Redis is away there is nothing to see or to change.
        with suppress(LogsterError):
            if await in_thread(visit.store.is_signed_out, session_of(cookie)[0]):
                return Access.NONE
        return found[0]

    async def _login(self, request: Request, visit: Visit) -> Response:
        await csrf.check(request, visit)
        fields = csrf.form(request, visit.body)
        target = fields.get("next", "")[:_MAX_NEXT]
        try:
            attempt = await self._attempts.begin(request)
        except Problem as problem:
            answer = _page(request, visit, target, mistake=problem.detail, status=problem.status)
            answer.headers.update(problem.headers)
            return answer
        given = _digest(fields.get("secret", ""))
        # All are compared, whichever fits.
        found = [signer for known, signer in self._signers if hmac.compare_digest(known, given)]
        if not found:
            return _page(request, visit, target, mistake=_WRONG, status=403)
        await self._attempts.forgive(request, attempt)
        # What starts with ./ cannot leave this site, whatever follows.
        answer = RedirectResponse(f"{visit.base}{target}", 303)
        _set(answer, request, visit, found[0].sign(self._max_age_seconds), self._max_age_seconds)
        return answer


async def _logout(request: Request, visit: Visit, *, is_signed_in: bool) -> Response:
    await csrf.check(request, visit)
    if is_signed_in:
        with suppress(LogsterError):
            await in_thread(visit.store.sign_out, *session_of(request.cookies[_cookie_name(request, visit)]))
    answer = RedirectResponse(f"{visit.base}login", 303)
    _set(answer, request, visit, "", 0)
    return answer


def _set(answer: Response, request: Request, visit: Visit, value: str, max_age_seconds: int) -> None:
    # Without a path the browser takes that of the login page's own directory, which is the mount, also behind a
    # proxy that strips a prefix.
    answer.set_cookie(
        _cookie_name(request, visit),
        value,
        max_age=max_age_seconds,
        path=None,
        secure=csrf.is_secure(request, visit),
        httponly=True,
        samesite="lax",
    )


def _cookie_name(request: Request, visit: Visit) -> str:
    return "__Secure-logster_login" if csrf.is_secure(request, visit) else "logster_login"


def _page(request: Request, visit: Visit, target: str, *, mistake: str = "", status: int = 200) -> Response:
    csrf.issue(request, visit)
    answer = page(request, "login.html", status=status, next=target, mistake=mistake)
    csrf.remember(request, visit, answer)
    return answer


def _asked(request: Request, visit: Visit) -> str:
    """Return as a query what was asked for, to go on there; nothing for the list itself and for a change."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    target = f"{quote(visit.path[1:])}{'?' if query else ''}{query}"
    if request.method != "GET" or not target or len(target) > _MAX_NEXT:
        return ""
    return f"?next={quote(target, safe='')}"


def _next_of(request: Request) -> str:
    return request.query_params.get("next", "")[:_MAX_NEXT]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _several(values: str | Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)
