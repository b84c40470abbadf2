"""Suite: every soak there is, in the order of the table; each gives a line of it, or a few that belong together."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from benchmarks.row import Row
from soak import day, fuzz, garbage, load, outage, servers, spool


class Soak(NamedTuple):
    """A name to run it by, and what runs it."""

    name: str
    run: Callable[[], Iterable[Row]]


SOAKS: tuple[Soak, ...] = (
    Soak("outage", outage.run),
    Soak("spool", spool.run),
    Soak("sentinel", servers.behind_sentinel),
    Soak("load", load.run),
    Soak("day", day.run),
    Soak("garbage", garbage.run),
    Soak("fuzz", fuzz.run),
)


def named(names: Iterable[str]) -> list[Soak]:
    """Return the soaks of some names; all where none is given.

    Raises:
        LookupError: there is no such name.
    """
    wanted = list(names)
    known = {each.name for each in SOAKS}
    if unknown := [name for name in wanted if name not in known]:
        raise LookupError(f"There is no soak {unknown[0]!r}. There are: {', '.join(sorted(known))}.")
    return [each for each in SOAKS if not wanted or each.name in wanted]
