"""`logster tail`: what is reported, as it happens."""

from typing import TYPE_CHECKING, Any

import click

from logster.cli import options, screen
from logster.cli.options import level, query_of
from logster.cli.row import row
from logster.cli.session import Session
from logster.entry import Entry, level_floor

if TYPE_CHECKING:
    from logster.search import Query


@options.command(
    "tail",
    "logster tail",
    "logster tail --level error --level critical",
    "logster tail -n 0 --json 'logger:shop' | jq .message",
    json=True,
)
@click.argument("query", nargs=-1)
@level
@click.option("-n", "--lines", type=click.IntRange(0, 500), default=10, show_default=True, help="Begin with so many.")
def command(session: Session, query: tuple[str, ...], levels: tuple[int, ...], lines: int, as_json: bool) -> None:
    """Show reports as they arrive, until Ctrl-C: all, or those that QUERY matches.

    Several words are one query. The number says how many occurrences a report stands for.
    """
    asked = " ".join(query)
    wanted = _Wanted(session, query_of(asked) if asked.strip() else None, levels)
    # Subscribed first: what is reported while the list is shown is not lost.
    with session.store.listen() as events:
        for entry in reversed(wanted.latest(lines)):
            _print(entry, entry.count, as_json)
        for event in events:
            if event["kind"] == "report" and (found := wanted.reported(event)):
                _print(found, event.get("reported", 1), as_json)


class _Wanted:
    """Which entries are shown."""

    def __init__(self, session: Session, query: "Query | None", levels: tuple[int, ...]) -> None:
        self._store = session.store
        self._query = query
        self._levels = levels or None

    def latest(self, limit: int) -> list[Entry]:
        """Return the newest entries, newest first."""
        if not limit:
            return []
        return self._store.page(levels=self._levels, query=self._query, limit=limit).entries

    def reported(self, event: dict[str, Any]) -> Entry | None:
        """Return the entry that was reported, if it is one to show."""
        if self._levels and level_floor(event.get("level", 0)) not in self._levels:
            return None
        entry = self._store.entry(event["key"])
        if entry is None or (self._query and not self._matches(self._query, entry)):
            return None
        return entry

    def _matches(self, query: "Query", entry: Entry) -> bool:
        samples = self._store.env_samples(entry.key) if query.needs_env else []
        return query.matches(entry, samples)


def _print(entry: Entry, count: int, as_json: bool) -> None:
    if as_json:
        screen.print_json(entry)
    else:
        screen.print_line(row(entry, count=count))
