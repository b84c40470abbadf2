"""The pages that a reader sees. Each is whole without scripts; with `fragment` only the part a script replaces."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from logster.errors import QuerySyntaxError
from logster.viewer import csrf, detail, overview
from logster.viewer.changes import CHANGES, DONE, made
from logster.viewer.listing import LISTED_BY, Listing, now_ms
from logster.viewer.place import LISTING, Place
from logster.viewer.problems import Problem, gone
from logster.viewer.rendering import page
from logster.viewer.sharing import shared
from logster.viewer.threads import in_thread
from logster.viewer.visit import Visit, visit_of

FRAGMENTS = {"list": "_list.html", "detail": "_detail.html"}


def list_routes() -> list[Route]:
    return [Route("/", index, methods=["GET"])]


def routes() -> list[Route]:
    return [
        Route("/show/{key}", show, methods=["GET"]),
        Route("/show/{key}/{change}", change, methods=["POST"]),
        Route("/undo", undo, methods=["POST"]),
        Route("/clear", confirm_clear, methods=["GET"]),
        Route("/clear", clear, methods=["POST"]),
    ]


async def index(request: Request) -> Response:
    """Show the list, and beside it the selected entry."""
    visit = visit_of(request)
    fragment = request.query_params.get("fragment")
    place = Place.parse(visit.base, _query(request))
    context: dict[str, Any] = overview.nothing_listed() | detail.nothing_selected()
    status = 200
    if fragment != "detail":
        try:
            context |= await _listed(request, visit)
        except QuerySyntaxError as mistake:
            context["mistake"] = mistake
            status = 400
    if fragment != "list" and place.get("key"):
        context |= await in_thread(detail.selected, visit, place.get("key"), place)
    return _page(request, FRAGMENTS.get(fragment or "", "index.html"), status=status, place=place, **context)


async def show(request: Request) -> Response:
    """Show one entry on a page of its own: where a permalink leads."""
    visit = visit_of(request)
    key = request.path_params["key"]
    place = Place.parse(f"{visit.base}show/{key}", _query(request)).without("key")
    context = await in_thread(detail.selected, visit, key, place)
    status = 404 if context["entry"] is None else 200
    fragment = request.query_params.get("fragment")
    return _page(request, "_detail.html" if fragment else "show.html", status=status, place=place, **context)


async def change(request: Request) -> Response:
    """Do what a form asks for, and lead back to where it stood."""
    visit = visit_of(request)
    key, name = request.path_params["key"], request.path_params["change"]
    if name not in CHANGES:
        raise Problem(404, "There is no such change.")
    changed, token = await in_thread(made, visit.store, name, [key], visit.by)
    if not changed:
        raise gone(key)
    return _back(request, visit, key, name, token)


async def undo(request: Request) -> Response:
    """Bring back what the last deletion took, and lead to it where it was one entry."""
    visit = visit_of(request)
    fields = csrf.form(request, visit.body)
    restored = await in_thread(visit.store.restore, fields.get("token", ""), by=visit.by)
    place = Place.parse(visit.base, fields.get("place", ""))
    if len(restored) == 1:
        place = place.changed(key=restored[0])
    elif place.get("key") not in restored:
        place = place.changed(key=None)
    return RedirectResponse(_told(place, "undo" if restored else "too-late"), 303)


async def confirm_clear(request: Request) -> Response:
    """Say what clearing would do."""
    visit = visit_of(request)
    going, staying = await in_thread(visit.store.clearable)
    place = Place.parse(visit.base, _query(request))
    return _page(request, "clear.html", place=place, going=going, staying=staying)


async def clear(request: Request) -> Response:
    """Remove every entry that is not protected."""
    visit = visit_of(request)
    await in_thread(visit.store.clear, by=visit.by)
    return RedirectResponse(f"{visit.base}?done=clear", 303)


async def _listed(request: Request, visit: Visit) -> dict[str, Any]:
    now = now_ms()
    listing = Listing.parse(request.query_params, now)
    namespace = visit.settings.namespace
    if callable(namespace):  # it may depend on who asks
        return await in_thread(overview.listed, visit.store, listing, now)
    asked = tuple((name, value) for name, value in request.query_params.multi_items() if name in LISTED_BY)
    return await shared((visit.store, asked), overview.listed, visit.store, listing, now)


def _query(request: Request) -> str:
    query: bytes = request.scope.get("query_string", b"")
    return query.decode("latin-1")


def _page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    context |= {
        "now": now_ms(),
        "done": DONE.get(request.query_params.get("done", ""), ""),
        "undo": request.query_params.get("undo", "") if request.query_params.get("done") == "delete" else "",
        "is_filtered": any(context["place"].get(name) for name in LISTING),
        **detail.WORDS,
    }
    answer = page(request, template, status=status, **context)
    csrf.remember(request, visit_of(request), answer)
    return answer


def _back(request: Request, visit: Visit, key: str, name: str, token: str) -> Response:
    """Lead to the page that the form stood on; its address is built anew, so it cannot lead elsewhere."""
    fields = csrf.form(request, visit.body)
    place = Place.parse(visit.base, fields.get("place", ""))
    if name == "delete" or (name == "solve" and place.get("key")):
        place = place.changed(key=None)
    elif fields.get("page") == "show":
        place = Place(f"{visit.base}show/{key}", place.parameters)
    return RedirectResponse(_told(place, name) + (f"&undo={token}" if token else ""), 303)


def _told(place: Place, done: str) -> str:
    link = place.link()
    return f"{link}{'&' if '?' in link else '?'}done={done}"
