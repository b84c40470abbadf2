"""The page that suppresses what is like an entry: proposes a pattern, and says first what it would hit."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from logster import patterns
from logster.entry import Entry
from logster.errors import InvalidPattern
from logster.viewer import csrf
from logster.viewer.problems import gone
from logster.viewer.rendering import page
from logster.viewer.threads import in_thread
from logster.viewer.visit import Visit, visit_of


def routes() -> list[Route]:
    return [
        Route("/show/{key}/suppress", consider, methods=["GET"]),
        Route("/show/{key}/suppress", suppress, methods=["POST"]),
    ]


async def consider(request: Request) -> Response:
    """Show a pattern, the proposed one or that of the address, and how many entries it hits."""
    return await _considered(request, request.query_params.get("pattern", "").strip())


async def suppress(request: Request) -> Response:
    """Suppress what the form's pattern matches from now on, and where asked delete what it matches already."""
    visit = visit_of(request)
    fields = csrf.form(request, visit.body)
    text = fields.get("pattern", "").strip()
    try:
        await in_thread(_suppress, visit, text, with_stored=fields.get("stored") == "delete")
    except InvalidPattern:
        return await _considered(request, text)
    return RedirectResponse(f"{visit.base}?done=suppress", 303)


def proposal(entry: Entry) -> str:
    """Return a pattern for what is like an entry: its words, with anything where its numbers stand."""
    messages = dict.fromkeys((entry.message, entry.first_message or entry.message))
    # Where only one message is known, other numbers in it make the second.
    others = [re.sub(r"\d+", lambda found: found[0] + "0", each) for each in messages]
    return patterns.suggest([*messages, *others]) or patterns.suggest(list(messages))


async def _considered(request: Request, text: str) -> Response:
    visit = visit_of(request)
    context = await in_thread(_consider, visit, request.path_params["key"], text)
    answer = page(request, "suppress.html", status=400 if context["mistake"] else 200, **context)
    csrf.remember(request, visit, answer)
    return answer


def _consider(visit: Visit, key: str, text: str) -> dict[str, Any]:
    entry = visit.store.entry(key)
    if entry is None:
        raise gone(key)
    text = text or proposal(entry)
    found: dict[str, Any] = {"entry": entry, "pattern": text, "hits": 0, "mistake": "", "is_hit": False}
    if not text:
        return found
    try:
        pattern = patterns.parse(text)
        if any(each.pattern == pattern.text for each in visit.store.patterns("suppression")):
            raise InvalidPattern(f"What matches {pattern.text} is suppressed already.")
    except InvalidPattern as error:
        return found | {"mistake": str(error)}
    return found | {
        "pattern": pattern.text,
        "hits": visit.store.count_matching(pattern.text),
        "is_hit": pattern.matches(_subject(entry)),
    }


def _subject(entry: Entry) -> str:
    raised = f"{entry.exception.type}: {entry.exception.message}" if entry.exception else ""
    return patterns.subject(entry.message, "" if raised == entry.message else raised)


def _suppress(visit: Visit, text: str, *, with_stored: bool) -> None:
    made = visit.store.add_pattern("suppression", text, by=visit.by)
    if with_stored:
        visit.store.delete_matching(made.pattern)
