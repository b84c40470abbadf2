"""The HTTP API: entries and changes as JSON. What goes wrong is a problem document; docs/http_api.md describes it."""

from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logster.entry import Entry, Frame
from logster.recall import Recall
from logster.store.redis_store import RedisStore
from logster.store.timeline import Resolution
from logster.viewer.changes import CHANGES, DONE, made
from logster.viewer.exchange import answer, body, with_store
from logster.viewer.listing import Listing, now_ms, span
from logster.viewer.problems import Problem, gone
from logster.viewer.visit import visit_of

MAX_BULK_KEYS = 1_000
DAY_MS = 86_400_000

TOO_MANY_KEYS = f"One request may change {MAX_BULK_KEYS:,} entries at most."
UNKNOWN_CHANGE = f"There is no such change; changes are {', '.join(CHANGES)}."


class Shown(Entry, frozen=True):
    """An entry as the API shows it."""

    frames: tuple[Frame, ...] = ()


class Bulk(msgspec.Struct, forbid_unknown_fields=True):
    """The same change for several entries."""

    action: Literal["delete", "protect", "unprotect", "solve", "unsolve"]
    keys: list[str]


class Undo(msgspec.Struct, forbid_unknown_fields=True):
    """The token that a deletion answered."""

    token: str


def list_routes() -> list[Route]:
    return [Route("/api/entries", entries, methods=["GET"])]


def routes() -> list[Route]:
    return [
        Route("/api/entries/bulk", bulk, methods=["POST"]),
        Route("/api/entries/undo", undo, methods=["POST"]),
        Route("/api/entries/{key}", entry, methods=["GET"]),
        Route("/api/entries/{key}", delete, methods=["DELETE"]),
        Route("/api/entries/{key}/env", env, methods=["GET"]),
        Route("/api/entries/{key}/timeline", entry_timeline, methods=["GET"]),
        Route("/api/entries/{key}/{change}", change, methods=["POST"]),
        Route("/api/clear", clear, methods=["POST"]),
        Route("/api/timeline", timeline, methods=["GET"]),
        Route("/healthz", health, methods=["GET"]),
    ]


async def entries(request: Request) -> Response:
    """List entries, newest first."""
    listing = Listing.parse(request.query_params, now_ms())
    with_env = _wants_env(request)

    def fetch(store: RedisStore) -> dict[str, Any]:
        found = listing.fetch(store)
        shown = [_with_env(each, store) for each in found.entries] if with_env else map(_written, found.entries)
        return {"entries": list(shown), "next": found.next, "previous": found.previous, "total": found.total}

    return answer(await with_store(request, fetch))


async def entry(request: Request) -> Response:
    """Return one entry with its frames and traceback."""
    key, with_env = request.path_params["key"], _wants_env(request)

    def fetch(store: RedisStore) -> Shown:
        found = _existing(store, key)
        return _with_env(found, store) if with_env else _shown(found)

    return answer(await with_store(request, fetch))


async def env(request: Request) -> Response:
    """Return the env samples of an entry, newest first."""
    key = request.path_params["key"]

    def fetch(store: RedisStore) -> dict[str, Any]:
        _existing(store, key)
        return {"env": store.env_samples(key)}

    return answer(await with_store(request, fetch))


async def timeline(request: Request) -> Response:
    """Return how many occurrences there were in each hour or minute."""
    return answer(await with_store(request, lambda store: _timeline(request, store, None)))


async def entry_timeline(request: Request) -> Response:
    """Return the same for one entry, by the hour."""
    key = request.path_params["key"]

    def fetch(store: RedisStore) -> dict[str, Any]:
        _existing(store, key)
        return _timeline(request, store, key)

    return answer(await with_store(request, fetch))


async def change(request: Request) -> Response:
    """Change one entry."""
    return await _change_one(request, request.path_params["change"])


async def delete(request: Request) -> Response:
    """Delete one entry."""
    return await _change_one(request, "delete")


async def bulk(request: Request) -> Response:
    """Change several entries in the same way; keys that do not exist are passed over."""
    wanted = body(request, Bulk)
    if len(wanted.keys) > MAX_BULK_KEYS:
        raise Problem(413, TOO_MANY_KEYS)
    by = visit_of(request).by
    return _made(*await with_store(request, lambda store: made(store, wanted.action, wanted.keys, by)))


async def undo(request: Request) -> Response:
    """Bring back what was deleted."""
    wanted = body(request, Undo)
    by = visit_of(request).by
    restored = await with_store(request, lambda store: store.restore(wanted.token, by=by))
    if not restored:
        raise Problem(404, DONE["too-late"], title="Too late")
    return answer({"restored": restored})


async def clear(request: Request) -> Response:
    """Remove every entry that is not protected."""
    by = visit_of(request).by
    return answer({"changed": await with_store(request, lambda store: store.clear(by=by))})


async def health(request: Request) -> Response:
    """Say that Redis answers; if it does not, the answer is a 503 like everywhere."""
    await with_store(request, lambda store: store.ping())
    return answer({"status": "ok"})


async def _change_one(request: Request, name: str) -> Response:
    key = request.path_params["key"]
    if name not in CHANGES:
        raise Problem(404, UNKNOWN_CHANGE)
    by = visit_of(request).by
    changed, undo = await with_store(request, lambda store: made(store, name, [key], by))
    if not changed:
        raise gone(key)
    return _made(changed, undo)


def _made(changed: int, undo: str) -> Response:
    return answer({"changed": changed, "undo": undo} if undo else {"changed": changed})


def _existing(store: RedisStore, key: str) -> Entry:
    entry = store.entry(key)
    if entry is None:
        raise gone(key)
    return entry


def _with_env(entry: Entry, store: RedisStore) -> Shown:
    return _shown(msgspec.structs.replace(entry, env=store.env_samples(entry.key)))


def _shown(entry: Entry) -> Shown:
    # Not by way of a dict, which would cost a page twice as much.
    frames = entry.exception.frames if entry.exception else ()
    fields: tuple[Any, ...] = (*msgspec.structs.astuple(entry), frames)
    return Shown(*fields)


# A page shares the entries that did not change since it was read before, and each is written once.
_written: Recall[Entry, msgspec.Raw] = Recall(
    lambda entry: msgspec.Raw(msgspec.json.encode(_shown(entry))), 2_000_000, weight=len
)


def _timeline(request: Request, store: RedisStore, key: str | None) -> dict[str, Any]:
    resolution = _resolution(request, key)
    times = span(request.query_params, now_ms(), default_ms=DAY_MS)
    return {"resolution": resolution, "buckets": store.timeline(key, resolution=resolution, **times)}


def _resolution(request: Request, key: str | None) -> Resolution:
    match request.query_params.get("resolution", "hour"):
        case "hour":
            return "hour"
        case "minute" if key is None:
            return "minute"
    raise Problem(400, "resolution is hour or, for all entries together, minute.")


def _wants_env(request: Request) -> bool:
    return request.query_params.get("env") in ("1", "true")
