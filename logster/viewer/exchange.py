"""How the HTTP API reads what a request brings and writes what it answers. Knows no address and no entry."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from logster.store.redis_store import RedisStore
from logster.viewer.problems import Problem
from logster.viewer.threads import in_thread
from logster.viewer.visit import visit_of

NOT_JSON = "The body of a change is application/json."

T = TypeVar("T")


async def with_store(request: Request, work: Callable[[RedisStore], T]) -> T:
    """Return what `work` makes of the store, on a thread."""
    return await in_thread(work, visit_of(request).store)


def body(request: Request, kind: type[T]) -> T:
    """Return the body of a change.

    Raises:
        Problem: it is of another type, or not as it has to be.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, NOT_JSON)
    try:
        return msgspec.json.decode(visit_of(request).body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"The body cannot be used: {error}.") from None


def answer(value: Any) -> Response:
    """Return `value` as JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json")
