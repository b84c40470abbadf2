"""Completions for the search field: what a field's value can be, from the newest entries. Looks at a few hundred."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logster.entry import LEVEL_NUMBERS
from logster.store.redis_store import RedisStore
from logster.store.values import FieldName
from logster.viewer.exchange import answer, with_store
from logster.viewer.problems import Problem

FIELDS = ("level", *get_args(FieldName))
AT_MOST = 12
MAX_PREFIX = 200


def routes() -> list[Route]:
    return [Route("/api/completions", completions, methods=["GET"])]


async def completions(request: Request) -> Response:
    """Return values of a field that begin with, or else contain, what was typed; the most common first."""
    field = request.query_params.get("field", "")
    typed = request.query_params.get("prefix", "")[:MAX_PREFIX].lower()
    if field not in FIELDS:
        raise Problem(400, f"field={field!r} cannot be completed; fields are {', '.join(FIELDS)}.")
    known = await with_store(request, lambda store: _values(store, field))
    begin = [value for value in known if value.lower().startswith(typed)]
    contain = [value for value in known if typed in value.lower() and value not in begin]
    return answer({"values": [*begin, *contain][:AT_MOST]})


def _values(store: RedisStore, field: str) -> list[str]:
    if field == "level":
        return [name.lower() for name in reversed(LEVEL_NUMBERS)]
    for name in get_args(FieldName):
        if name == field:
            return store.values(name)
    return []
