"""What of an env sample is shown where, which samples are leafed through, and how one differs from the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from logster.entry import Entry, Env
from logster.errors import QuerySyntaxError
from logster.search import parse
from logster.viewer.breadcrumbs import without_breadcrumbs

_GIST = ("user_id", "client_address", "hostname", "application_version")
_DEEPEST = 6

Path = tuple[str, ...]


def gist(sample: Env) -> dict[str, Any]:
    """Return what a reader wants to know first of an occurrence: the request, who made it, where it ran."""
    found: dict[str, Any] = {}
    if address := sample.get("url") or sample.get("path"):
        found["request"] = f"{sample.get('method', '')} {address}".strip()
    return found | {name: sample[name] for name in _GIST if sample.get(name)}


def without_time(sample: Env) -> Env:
    """Return an env sample without the time that the store added."""
    return {name: value for name, value in sample.items() if name != "time"}


@dataclass(frozen=True)
class Differences:
    """How the shown sample differs: `varying` are paths whose values are not the same in all samples, `changed` those
    that are other than in the neighbour, `missing` those that only the neighbour has."""

    varying: frozenset[Path] = frozenset()
    changed: frozenset[Path] = frozenset()
    missing: tuple[Path, ...] = ()

    def kind(self, path: Path) -> str:
        """Return "changed", "varies", or "" for what all samples agree on."""
        return "changed" if path in self.changed else "varies" if path in self.varying else ""

    def concerns(self, path: Path) -> bool:
        """Return whether the value at a path, or any below it, varies."""
        return any(each[: len(path)] == path for each in self.varying)


@dataclass(frozen=True)
class Window:
    """One sample and the way to its neighbours.

    Arguments:
        sample: the shown one; None where there are none.
        number: its place among all, counted from 1, the newest.
        total: how many samples there are.
        shown: the places of those that are leafed through.
        is_narrowed: whether the list's query left some out.
        differences: how the shown one differs from its neighbours.
    """

    sample: Env | None
    number: int
    total: int
    shown: tuple[int, ...] = ()
    is_narrowed: bool = False
    differences: Differences = field(default_factory=Differences)

    @property
    def position(self) -> int:
        """The place among those leafed through, counted from 1."""
        return self.shown.index(self.number) + 1 if self.number in self.shown else 0

    @property
    def newer(self) -> int | None:
        return max((each for each in self.shown if each < self.number), default=None)

    @property
    def older(self) -> int | None:
        return min((each for each in self.shown if each > self.number), default=None)


def window(entry: Entry, samples: Sequence[Env], wanted: str, query: str, now_ms: int) -> Window:
    """Return the sample that an address asks for.

    Arguments:
        entry: whose samples they are.
        samples: all of them, newest first.
        wanted: the number in the address; the first of those shown where it is none.
        query: the list's, as the reader wrote it: where it matches only some samples, only those are shown.
        now_ms: the time that ages in the query are about.
    """
    if not samples:
        return Window(None, 0, 0)
    matching = _matching(entry, samples, query, now_ms)
    shown = matching or tuple(range(1, len(samples) + 1))
    number = _number(wanted, len(samples)) or shown[0]
    position = number - 1
    neighbour = samples[position + 1] if number < len(samples) else None
    differences = _differences(samples, samples[position], neighbour)
    return Window(samples[position], number, len(samples), shown, bool(matching), differences)


def _matching(entry: Entry, samples: Sequence[Env], query: str, now_ms: int) -> tuple[int, ...]:
    """Return the numbers of the samples that a query matches, where it does not match all of them."""
    if not query:
        return ()
    try:
        found = parse(query, now_ms=now_ms).matching_envs(samples, entry)
    except QuerySyntaxError:
        return ()
    return tuple(index + 1 for index in found) if 0 < len(found) < len(samples) else ()


def _number(wanted: str, count: int) -> int:
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 0
    return max(1, min(number, count)) if number else 0


def _differences(samples: Sequence[Env], sample: Env, neighbour: Env | None) -> Differences:
    if len(samples) < 2:
        return Differences()
    leaves = [dict(_leaves(_compared(each))) for each in samples]
    here = dict(_leaves(_compared(sample)))
    there = dict(_leaves(_compared(neighbour))) if neighbour is not None else here
    return Differences(
        varying=frozenset(path for path in here if not _agree(leaves, path)),
        changed=frozenset(path for path, value in here.items() if path not in there or there[path] != value),
        missing=tuple(path for path in there if path not in here and not _holds_more(here, path)),
    )


def _compared(sample: Env) -> Env:
    return without_breadcrumbs(without_time(sample))


def _agree(leaves: Sequence[dict[Path, Any]], path: Path) -> bool:
    first = leaves[0].get(path, _NOTHING)
    return all(each.get(path, _NOTHING) == first for each in leaves)


def _holds_more(here: Mapping[Path, Any], path: Path) -> bool:
    """Return whether what is a plain value in the neighbour is a nested one here."""
    return any(each[: len(path)] == path for each in here)


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the values that are shown in one cell, each with the names that lead to it."""
    if isinstance(value, Mapping) and value and len(path) < _DEEPEST:
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(value, list | tuple) and value and len(path) < _DEEPEST:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(index)))
    else:
        yield path, value


_NOTHING = object()
