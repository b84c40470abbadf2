"""`logster patterns`: what is suppressed, and what is grouped into one row."""

from typing import Any, get_args

import click

from logster.cli import options, screen
from logster.cli.clear import entries
from logster.cli.session import Session
from logster.cli.visible import visible
from logster.store.patterns import Kind

KINDS = click.Choice(get_args(Kind))
_BY = "command line"


@click.group("patterns", epilog="\b\nExamples:\n  logster patterns list\n  logster patterns add suppression '/^Ping/'")
def command() -> None:
    """List and change the patterns that suppress reports, or group entries into one row."""


def _kind(function: Any) -> Any:
    return click.argument("kind", type=KINDS)(function)


@options.command("list", "logster patterns list", "logster patterns list grouping --json", json=True)
@click.argument("kind", type=KINDS, required=False)
def list_(session: Session, kind: Kind | None, as_json: bool) -> None:
    """List patterns with how often they hit: all, or those of one KIND."""
    for each in (kind,) if kind else get_args(Kind):
        for found in session.store.patterns(each):
            shown = {"kind": each, "pattern": found.pattern, "count": found.count, "source": found.source}
            if as_json:
                screen.print_json(shown | {"by": found.by, "created_ms": found.created_ms})
            else:
                click.echo(f"{each:<11}  {found.count:>9,}×  {found.source:<4}  {visible(found.pattern)}")


@options.command("add", "logster patterns add suppression '/^Ping/'", "logster patterns add grouping '/timeout/i'")
@_kind
@click.argument("pattern")
@click.option("--retroactive", is_flag=True, help="Delete what it suppresses of the entries that are there.")
def add(session: Session, kind: Kind, pattern: str, retroactive: bool) -> None:
    """Add a PATTERN: a regular expression, bare or as /…/ or /…/i."""
    if retroactive and kind != "suppression":
        raise click.UsageError("--retroactive goes with suppression; grouping always holds for what is there.")
    made = session.store.add_pattern(kind, pattern, by=_BY)
    click.echo(f"Added {visible(made.pattern)}.")
    if retroactive:
        click.echo(f"Deleted {entries(session.store.delete_matching(made.pattern))}.")


@options.command("change", "logster patterns change grouping '/timeout/' '/time-?out/i'")
@_kind
@click.argument("old")
@click.argument("new")
def change(session: Session, kind: Kind, old: str, new: str) -> None:
    """Put the pattern NEW in the place of OLD."""
    made = session.store.change_pattern(kind, old, new, by=_BY)
    click.echo(f"Changed to {visible(made.pattern)}.")


@options.command("remove", "logster patterns remove suppression '/^Ping/'")
@_kind
@click.argument("pattern")
def remove(session: Session, kind: Kind, pattern: str) -> None:
    """Remove a PATTERN; what it grouped becomes rows again."""
    session.store.remove_pattern(kind, pattern, by=_BY)
    click.echo(f"Removed {visible(pattern)}.")


@options.command("reset", "logster patterns reset '/^Ping/'")
@click.argument("pattern")
def reset(session: Session, pattern: str) -> None:
    """Count the hits of a PATTERN from zero again."""
    session.store.reset_count(pattern)
    click.echo(f"Reset {visible(pattern)}.")


for each in (list_, add, change, remove, reset):
    command.add_command(each)
