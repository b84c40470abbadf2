"""The form that data are kept in: brings those of an older Logster to it, and refuses those of a newer one."""

from collections.abc import Callable, Iterator, MutableMapping
from typing import NamedTuple

from logster.errors import SchemaMismatch
from logster.store.connection import Connection
from logster.store.keys import Keys
from logster.store.script import script

SCHEMA = 1

Migration = Callable[[Connection, Keys], None]

MIGRATIONS: MutableMapping[int, Migration] = {}
"""The step from each form to the next.

Several processes may run a step at once, and one may end half-way: a step has to do no harm when it is repeated. It
works in pieces that do not hold Redis for long.
"""


class Migrated(NamedTuple):
    """A namespace and the form that its data had."""

    namespace: str
    before: int


def check(keys: Keys, found: bytes | None) -> int:
    """Return the form that was found, the newest for an empty namespace.

    Raises:
        SchemaMismatch: a newer Logster has written.
    """
    form = SCHEMA if found is None else int(found)
    if form > SCHEMA:
        raise SchemaMismatch(
            f"The data in namespace {keys.namespace!r} has form {form}, written by a newer Logster; "
            f"this one knows form {SCHEMA}. Upgrade logster-web here, or use another namespace."
        )
    return form


def migrate(connection: Connection, keys: Keys) -> Migrated:
    """Bring a namespace's data to the newest form, and return which they had.

    Processes of an older Logster that run meanwhile learn of it with their next report, and write no more.

    Raises:
        SchemaMismatch: a newer Logster has written.
    """
    before = check(keys, connection.run(["GET", keys.schema]))
    for form in range(before, SCHEMA):
        MIGRATIONS[form](connection, keys)
        connection.run(script("migrated").words([keys.prefix], (), {"form": form + 1}))
    return Migrated(keys.namespace, before)


def namespaces(connection: Connection) -> Iterator[str]:
    """Yield every namespace that holds data."""
    beginning, end = Keys("*").schema.split("*")
    with connection.errors():
        for name in connection.client().scan_iter(match=Keys("*").schema, count=1_000):
            yield name.decode()[len(beginning) : -len(end)]
