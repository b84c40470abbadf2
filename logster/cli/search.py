"""`logster search`: the entries that a query matches."""

from collections.abc import Iterator

import click

from logster.cli import options
from logster.cli.ending import NOTHING, fail
from logster.cli.options import Moment, level, query_of
from logster.cli.session import Session
from logster.entry import Entry

_ROWS_A_PAGE = 200


@options.command(
    "search",
    "logster search timeout",
    "logster search 'level:error env.url:*checkout* -test' --since 2h",
    "logster search --level critical --json | jq .message",
    json=True,
)
@click.argument("query", nargs=-1)
@level
@click.option("--since", type=Moment(), metavar="TIME", help="Only what was seen then or later: 2h, 2026-01-31.")
@click.option("--until", type=Moment(is_end=True), metavar="TIME", help="Only what was last seen then or earlier.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many rows at the most.")
def command(
    session: Session,
    query: tuple[str, ...],
    levels: tuple[int, ...],
    since: int | None,
    until: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """List entries, newest first: all, or those that QUERY matches.

    Several words are one query. Exit code 1 says that nothing was found.
    """
    found = False
    for entry in _found(session, " ".join(query), levels or None, since, until, limit):
        found = True
        _print(entry, as_json)
    if not found:
        if not as_json:
            click.echo("Nothing was found.", err=True)
        fail("", NOTHING)


def _found(
    session: Session, text: str, levels: tuple[int, ...] | None, since: int | None, until: int | None, limit: int
) -> Iterator[Entry]:
    query = query_of(text) if text.strip() else None
    cursor: str | None = None
    while limit > 0:
        page = session.store.page(
            levels=levels,
            since_ms=since,
            until_ms=until,
            query=query,
            before=cursor,
            limit=min(limit, _ROWS_A_PAGE),
        )
        yield from page.entries
        limit -= len(page.entries)
        cursor = page.next
        if cursor is None:
            return


def _print(entry: Entry, as_json: bool) -> None:
    from logster.cli import screen
    from logster.cli.row import row

    if as_json:
        screen.print_json(entry)
    else:
        screen.print_line(row(entry))
