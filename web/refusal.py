"""What a visitor is told who cannot have what he asks for, as a page or, for a program, as a problem document."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from logster.viewer.problems import Problem, document
from web import pages
from web.headers import FRAMED
from web.quotas import FOR_PROGRAMS

MINUTE = "60"


@dataclass(frozen=True)
class Reason:
    """Why something is refused, and what may be done about it."""

    status: int
    title: str
    text: str
    may_begin_anew: bool = False


REASONS = {
    "no-sandbox": Reason(
        403,
        "This log is for browsers",
        "Each visitor of the demo has a log of his own, which a cookie leads to. Open the demo in a browser that "
        "shows pages and keeps cookies.",
    ),
    "all-in-use": Reason(
        503,
        "All demo logs are in use",
        "Somebody looks at each of them just now. One is free again in a few minutes.",
    ),
    "used-up": Reason(
        429,
        "This demo log is full",
        "It takes only so many errors and changes. Begin with a fresh one.",
        may_begin_anew=True,
    ),
    "too-often": Reason(429, "Too often", "That was more in a minute than the demo allows. Wait a minute."),
    "foreign": Reason(403, "From elsewhere", "What happens in the demo is caused from its own pages only."),
    "away": Reason(503, "The demo is away", "Its Redis does not answer just now. Try again in a minute."),
}


def answer(request: Request, why: str) -> Response:
    """Return the answer to a request that is refused."""
    reason = REASONS[why]
    headers = {"X-Robots-Tag": "noindex", **({"Retry-After": MINUTE} if reason.status != 403 else {})}
    if FOR_PROGRAMS.fullmatch(request.url.path):
        return document(Problem(reason.status, reason.text, title=reason.title, headers=headers))
    if request.url.path.startswith("/logs"):
        headers |= FRAMED
    return pages.page(request, "refused.html", status_code=reason.status, headers=headers, reason=reason)
