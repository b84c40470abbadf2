"""What a reader may do with entries; the pages' forms and the HTTP API share these names."""

from collections.abc import Callable, Sequence

from logster.store.redis_store import RedisStore

Change = Callable[[RedisStore, Sequence[str], str], int]


def delete(store: RedisStore, keys: Sequence[str], by: str) -> int:
    return store.delete(keys, by=by)


def protect(store: RedisStore, keys: Sequence[str], by: str) -> int:
    return sum(store.protect(key, by=by) for key in keys)


def unprotect(store: RedisStore, keys: Sequence[str], by: str) -> int:
    return sum(store.unprotect(key, by=by) for key in keys)


def solve(store: RedisStore, keys: Sequence[str], by: str) -> int:
    return store.solve(keys, by=by)


def unsolve(store: RedisStore, keys: Sequence[str], by: str) -> int:
    return store.unsolve(keys, by=by)


def made(store: RedisStore, name: str, keys: Sequence[str], by: str) -> tuple[int, str]:
    """Make a change in somebody's name, and return how many entries it changed, and the token that undoes it.

    The token is empty where the change cannot be undone.
    """
    return store.discard(keys, by=by) if name == "delete" else (CHANGES[name](store, keys, by), "")


CHANGES: dict[str, Change] = {
    "delete": delete,
    "protect": protect,
    "unprotect": unprotect,
    "solve": solve,
    "unsolve": unsolve,
}

DONE = {
    "clear": "Cleared. Protected entries stay.",
    "delete": "Deleted.",
    "protect": "Protected: neither trimming nor clearing removes it.",
    "unprotect": "No longer protected.",
    "solve": "Solved. It comes back when another version reports it.",
    "unsolve": "No longer solved.",
    "solve-several": "Solved. They come back when another version reports them.",
    "protect-several": "Protected: neither trimming nor clearing removes them.",
    "group": "Grouped: what matches the pattern is one row now.",
    "trial": "This entry came all the way: from a logger through the worker and Redis to this list.",
    "undo": "Restored.",
    "too-late": "This can no longer be undone: it was done already, or its ten minutes are over.",
    "suppress": "Suppressed: what matches the pattern is only counted from now on.",
}
