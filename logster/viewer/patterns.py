"""The HTTP API for patterns: what is suppressed, what is grouped, and who changed what."""

from typing import Annotated, Any, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logster.store.patterns import Kind
from logster.store.redis_store import RedisStore
from logster.viewer.exchange import answer, body, with_store
from logster.viewer.problems import Problem
from logster.viewer.visit import visit_of

KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_KEYS = 1_000
MAX_HISTORY = 100

UNKNOWN_KIND = f"There are no such patterns; patterns are {' and '.join(KINDS)}."


class New(msgspec.Struct, forbid_unknown_fields=True):
    """A pattern to add; a retroactive one also deletes what it matches of the entries that are there."""

    pattern: str
    retroactive: bool = False


class Changed(msgspec.Struct, forbid_unknown_fields=True):
    """A pattern, and the one to put in its place."""

    pattern: str
    new_pattern: str


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """A pattern."""

    pattern: str


class Selected(msgspec.Struct, forbid_unknown_fields=True):
    """Entries that a pattern is wanted for."""

    keys: Annotated[list[str], msgspec.Meta(max_length=MAX_KEYS)]


def routes() -> list[Route]:
    return [
        Route("/api/patterns/{kind}", listed, methods=["GET"]),
        Route("/api/patterns/{kind}", add, methods=["POST"]),
        Route("/api/patterns/{kind}", change, methods=["PUT"]),
        Route("/api/patterns/{kind}", remove, methods=["DELETE"]),
        Route("/api/patterns/{kind}/suggest", suggest, methods=["POST"]),
        Route("/api/patterns/{kind}/preview", preview, methods=["POST"]),
        Route("/api/patterns/suppression/reset-count", reset_count, methods=["POST"]),
        Route("/api/history", history, methods=["GET"]),
    ]


async def listed(request: Request) -> Response:
    """List the patterns in the order in which they are asked, the app's own first."""
    kind = kind_of(request)
    return answer({"patterns": await with_store(request, lambda store: store.patterns(kind))})


async def add(request: Request) -> Response:
    """Add a pattern."""
    kind, wanted, by = kind_of(request), body(request, New), visit_of(request).by

    def work(store: RedisStore) -> dict[str, Any]:
        made = store.add_pattern(kind, wanted.pattern, by=by)
        deleted = store.delete_matching(made.pattern) if wanted.retroactive and kind == "suppression" else 0
        return msgspec.structs.asdict(made) | {"deleted": deleted}

    return answer(await with_store(request, work))


async def change(request: Request) -> Response:
    """Put another pattern in the place of one."""
    kind, wanted, by = kind_of(request), body(request, Changed), visit_of(request).by
    old, new = wanted.pattern, wanted.new_pattern
    made = await with_store(request, lambda store: store.change_pattern(kind, old, new, by=by))
    return answer(made)


async def remove(request: Request) -> Response:
    """Remove a pattern; what it grouped becomes rows again."""
    kind, wanted, by = kind_of(request), body(request, Named), visit_of(request).by
    await with_store(request, lambda store: store.remove_pattern(kind, wanted.pattern, by=by))
    return answer({"removed": wanted.pattern})


async def reset_count(request: Request) -> Response:
    """Count the hits of a suppression pattern from zero."""
    wanted, by = body(request, Named), visit_of(request).by
    hits = await with_store(request, lambda store: store.reset_count(wanted.pattern, by=by))
    return answer({"pattern": wanted.pattern, "was": hits})


async def suggest(request: Request) -> Response:
    """Propose a pattern for entries; empty where they have too little in common."""
    kind_of(request)
    wanted = body(request, Selected)
    return answer({"pattern": await with_store(request, lambda store: store.suggest(wanted.keys))})


async def preview(request: Request) -> Response:
    """Say how many entries a pattern matches."""
    kind_of(request)
    wanted = body(request, Named)
    return answer({"pattern": wanted.pattern, "count": await with_store(request, _count_of(wanted.pattern))})


def _count_of(pattern: str) -> Any:
    return lambda store: store.count_matching(pattern)


async def history(request: Request) -> Response:
    """List who changed what, newest first."""
    limit = _limit(request.query_params.get("limit", ""))
    return answer({"history": await with_store(request, lambda store: store.history(limit))})


def kind_of(request: Request) -> Kind:
    """Return which patterns an address is about."""
    for kind in KINDS:
        if request.path_params["kind"] == kind:
            return kind
    raise Problem(404, UNKNOWN_KIND)


def _limit(value: str) -> int:
    if not value:
        return MAX_HISTORY
    if value.isascii() and value.isdigit() and len(value) < 6 and 1 <= int(value) <= MAX_HISTORY:
        return int(value)
    raise Problem(400, f"limit={value!r} is not allowed; allowed is 1 to {MAX_HISTORY}.")
