"""The settings page: forms for patterns, whole without scripts. The API for the same is in `patterns`."""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from logster.errors import InvalidPattern, PatternExists, PatternNotFound
from logster.patterns import LONGEST
from logster.store.patterns import Kind
from logster.store.redis_store import RedisStore
from logster.viewer import csrf
from logster.viewer.listing import now_ms
from logster.viewer.patterns import kind_of
from logster.viewer.problems import Problem
from logster.viewer.rendering import page
from logster.viewer.threads import in_thread
from logster.viewer.visit import Visit, visit_of

SHOWN_CHANGES = 100
EXAMPLES = 5
"""So many of the entries that a pattern matches are shown when it is tested."""

DONE = {
    "add": "Added.",
    "change": "Changed.",
    "remove": "Removed.",
    "reset-count": "Its hits are counted from zero.",
}


def routes() -> list[Route]:
    return [
        Route("/settings", show, methods=["GET"]),
        Route("/settings/{kind}/{change}", change, methods=["POST"]),
    ]


async def show(request: Request) -> Response:
    """Show the patterns, and who changed what."""
    return await _page(request, done=_done(request))


async def change(request: Request) -> Response:
    """Do what a form asks for; where that cannot be done, show the page with the reason beside what was typed."""
    visit = visit_of(request)
    kind, name = kind_of(request), request.path_params["change"]
    if name == "test":
        return await _test(request, kind)
    if name not in DONE or (name == "reset-count" and kind == "grouping"):
        raise Problem(404, "There is no such change.")
    fields = csrf.form(request, visit.body)
    try:
        deleted = await in_thread(_apply, visit.store, kind, name, fields, visit.by)
    except PatternNotFound as error:
        return await _refused(request, 404, kind, fields, error)
    except InvalidPattern as error:
        return await _refused(request, 409 if isinstance(error, PatternExists) else 400, kind, fields, error)
    return RedirectResponse(f"{visit.base}settings?done={name}{'' if deleted is None else f'&deleted={deleted}'}", 303)


async def _test(request: Request, kind: Kind) -> Response:
    """Show what a pattern matches of what is stored, with the form as it was sent; nothing is changed."""
    visit = visit_of(request)
    fields = csrf.form(request, visit.body)
    typed = _typed(fields)
    try:
        count, entries = await in_thread(partial(visit.store.preview, typed, limit=EXAMPLES))
    except InvalidPattern as error:
        return await _refused(request, 400, kind, fields, error)
    csrf.issue(request, visit)
    found = {"kind": kind, "pattern": fields.get("pattern", ""), "typed": typed, "count": count, "entries": entries}
    return await _page(request, tested=found | {"retroactive": bool(fields.get("retroactive"))})


def _typed(fields: dict[str, str]) -> str:
    """Return the pattern that stands in a form: a new one, or what one is to be changed to."""
    typed = fields.get("new_pattern")
    return fields.get("pattern", "") if typed is None else typed


def _apply(store: RedisStore, kind: Kind, name: str, fields: dict[str, str], by: str) -> int | None:
    """Make a change, and return how many entries it deleted where it was to delete any."""
    pattern = fields.get("pattern", "")
    if name == "change":
        store.change_pattern(kind, pattern, fields.get("new_pattern", ""), by=by)
    elif name == "remove":
        store.remove_pattern(kind, pattern, by=by)
    elif name == "reset-count":
        store.reset_count(pattern, by=by)
    else:
        made = store.add_pattern(kind, pattern, by=by)
        if fields.get("retroactive") and kind == "suppression":
            return store.delete_matching(made.pattern)
    return None


async def _refused(request: Request, status: int, kind: Kind, fields: dict[str, str], error: Exception) -> Response:
    csrf.issue(request, visit_of(request))
    mistake = {"kind": kind, "pattern": fields.get("pattern", ""), "reason": str(error)}
    return await _page(request, status=status, mistake=mistake | {"typed": _typed(fields)})


async def _page(request: Request, *, status: int = 200, **context: Any) -> Response:
    visit = visit_of(request)
    context = {"mistake": None, "tested": None, "done": "", "longest": LONGEST, "now": now_ms(), **context}
    answer = page(request, "settings.html", status=status, **context, **await in_thread(_kept, visit))
    csrf.remember(request, visit, answer)
    return answer


def _kept(visit: Visit) -> dict[str, Any]:
    store = visit.store
    return {
        "suppression": store.patterns("suppression"),
        "grouping": store.patterns("grouping"),
        "history": store.history(SHOWN_CHANGES),
    }


def _done(request: Request) -> str:
    done = DONE.get(request.query_params.get("done", ""), "")
    deleted = request.query_params.get("deleted", "")
    if done and deleted.isascii() and deleted.isdigit() and len(deleted) < 10:
        return f"{done} {int(deleted):,} {'entry' if deleted == '1' else 'entries'} deleted."
    return done
