"""Which entry a user means who types a key, or only its beginning."""

from logster.cli.ending import NOTHING, WRONG_USE, fail
from logster.store.redis_store import RedisStore

WHOLE = 32
_SHORTEST = 4
_SHOWN = 5


def key_of(store: RedisStore, typed: str) -> str:
    """Return the whole key; one that is typed whole is taken as it is, whether there is such an entry or not."""
    key = typed.strip().lower()
    if len(key.removeprefix("g-")) == WHOLE:
        return key
    if len(key) < _SHORTEST:
        fail(f"{typed!r} is too short for a key: give {_SHORTEST} characters of it at least.", WRONG_USE)
    found = store.keys_starting(key, limit=_SHOWN + 1)
    if not found:
        fail(nobody(typed), NOTHING)
    if len(found) > 1:
        more = ", …" if len(found) > _SHOWN else ""
        fail(f"{typed!r} is the beginning of several keys: {', '.join(found[:_SHOWN])}{more}", WRONG_USE)
    return found[0]


def nobody(typed: str) -> str:
    """Return the text that says that there is no such entry."""
    return f"There is no entry {typed!r}; `logster search` lists what there is."
