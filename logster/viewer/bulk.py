"""What a form does to several rows at once, and the page that makes one row of them. The API's way is in `api`."""

from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from logster.errors import InvalidPattern
from logster.patterns import LONGEST
from logster.viewer import csrf
from logster.viewer.changes import made
from logster.viewer.place import Place
from logster.viewer.problems import Problem
from logster.viewer.rendering import page
from logster.viewer.threads import in_thread
from logster.viewer.visit import Visit, visit_of

DONE = {"solve": "solve-several", "protect": "protect-several", "delete": "delete"}

NONE_CHOSEN = "No entry was chosen. Go back, and tick the rows that are meant."


def routes() -> list[Route]:
    return [
        Route("/bulk", bulk, methods=["POST"]),
        Route("/group", consider, methods=["GET"]),
        Route("/group", group, methods=["POST"]),
    ]


async def bulk(request: Request) -> Response:
    """Change the chosen rows, or lead to the page that groups them."""
    visit = visit_of(request)
    keys = [value for name, value in parse_qsl(visit.body.decode("utf-8", "replace")) if name == "key"]
    given = csrf.form(request, visit.body)
    action = given.get("action", "")
    place = Place.parse(visit.base, given.get("place", ""))
    if not keys:
        raise Problem(400, NONE_CHOSEN, title="Nothing chosen")
    if action == "group":
        pattern = await in_thread(visit.store.suggest, keys)
        return RedirectResponse(f"{visit.base}group{Place('', [('q', pattern)]).link()}", 303)
    if action not in DONE:
        raise Problem(404, "There is no such change.")
    _, token = await in_thread(made, visit.store, action, keys, visit.by)
    if place.get("key") in keys and action != "protect":
        place = place.changed(key=None)
    link = place.link()
    undo = f"&undo={token}" if token else ""
    return RedirectResponse(f"{link}{'&' if '?' in link else '?'}done={DONE[action]}{undo}", 303)


async def consider(request: Request) -> Response:
    """Show a grouping pattern, and how many entries it would make one row of."""
    return await _considered(request, request.query_params.get("q", "").strip())


async def group(request: Request) -> Response:
    """Add the pattern that the form names."""
    visit = visit_of(request)
    text = csrf.form(request, visit.body).get("pattern", "").strip()
    try:
        await in_thread(visit.store.add_pattern, "grouping", text, by=visit.by)
    except InvalidPattern as error:
        csrf.issue(request, visit)
        return await _considered(request, text, str(error))
    return RedirectResponse(f"{visit.base}?done=group", 303)


async def _considered(request: Request, text: str, mistake: str = "") -> Response:
    visit = visit_of(request)
    found = await in_thread(_consider, visit, text, mistake)
    answer = page(request, "group.html", status=400 if found["mistake"] else 200, **found)
    csrf.remember(request, visit, answer)
    return answer


def _consider(visit: Visit, text: str, mistake: str) -> dict[str, Any]:
    found = {"pattern": text, "hits": 0, "mistake": mistake, "longest": LONGEST}
    if text and not mistake:
        try:
            found["hits"] = visit.store.count_matching(text)
        except InvalidPattern as error:
            found["mistake"] = str(error)
    return found
