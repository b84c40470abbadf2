"""`logster patterns`: what is suppressed, and what is grouped into one row."""

from typing import Any

import click

from logster.cli import options, screen
from logster.cli.clear import entries
from logster.cli.session import Session
from logster.cli.visible import visible

KINDS = click.Choice(("suppression", "grouping"))
_BY = "command line"


@click.group("patterns", epilog="\b\nExamples:\n  logster patterns list\n  logster patterns add suppression '/^Ping/'")
def command() -> None:
    """List and change the patterns that suppress reports, or group entries into one row."""


def _store(session: Session) -> Any:
    return session.store


def _kind(function: Any) -> Any:
    return click.argument("kind", type=KINDS)(function)


@options.command("list", "logster patterns list", "logster patterns list grouping --json", json=True)
@click.argument("kind", type=KINDS, required=False)
def list_(session: Session, kind: str | None, as_json: bool) -> None:
    """List patterns with how often they hit: all, or those of one KIND."""
    for each in (kind,) if kind else KINDS.choices:
        for found in _store(session).patterns(each):
            shown = {"kind": each, "pattern": found.pattern, "count": found.count, "source": found.source}
            if as_json:
                screen.print_json(shown | {"by": found.by, "created_ms": found.created_ms})
            else:
                click.echo(f"{each:<11}  {found.count:>9,}×  {found.source:<4}  {visible(found.pattern)}")


@options.command("add", "logster patterns add suppression '/^Ping/'", "logster patterns add grouping '/timeout/i'")
@_kind
@click.argument("pattern")
@click.option("--retroactive", is_flag=True, help="Delete what it suppresses of the entries that are there.")
def add(session: Session, kind: str, pattern: str, retroactive: bool) -> None:
    """Add a PATTERN: a regular expression, bare or as /…/ or /…/i."""
    if retroactive and kind != "suppression":
        raise click.UsageError("--retroactive goes with suppression; grouping always holds for what is there.")
    made = _store(session).add_pattern(kind, pattern, by=_BY)
    click.echo(f"Added {visible(made.pattern)}.")
    if retroactive:
        click.echo(f"Deleted {entries(_store(session).delete_matching(made.pattern))}.")


@options.command("change", "logster patterns change grouping '/timeout/' '/time-?out/i'")
@_kind
@click.argument("old")
@click.argument("new")
def change(session: Session, kind: str, old: str, new: str) -> None:
    """Put the pattern NEW in the place of OLD."""
    made = _store(session).change_pattern(kind, old, new, by=_BY)
    click.echo(f"Changed to {visible(made.pattern)}.")


@options.command("remove", "logster patterns remove suppression '/^Ping/'")
@_kind
@click.argument("pattern")
def remove(session: Session, kind: str, pattern: str) -> None:
    """Remove a PATTERN; what it grouped becomes rows again."""
    _store(session).remove_pattern(kind, pattern, by=_BY)
    click.echo(f"Removed {visible(pattern)}.")


@options.command("reset", "logster patterns reset '/^Ping/'")
@click.argument("pattern")
def reset(session: Session, pattern: str) -> None:
    """Count the hits of a PATTERN from zero again."""
    _store(session).reset_count(pattern)
    click.echo(f"Reset {visible(pattern)}.")


for each in (list_, add, change, remove, reset):
    command.add_command(each)
