"""`logster clear`: removes all entries that are not protected."""

import sys

import click

from logster.cli import options, screen
from logster.cli.ending import WRONG_USE, fail
from logster.cli.session import Session


@options.command("clear", "logster clear", "logster clear --yes --namespace staging", json=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(session: Session, yes: bool, as_json: bool) -> None:
    """Remove all entries that are not protected.

    Asks first, and says how many go and how many stay. Patterns and solved marks stay.
    """
    going, staying = session.store.clearable()
    if not yes:
        if not sys.stdin.isatty():
            fail("Nobody can be asked here; --yes clears without asking. Nothing was removed.", WRONG_USE)
        _ask(session.namespace, going, staying)
    removed = session.store.clear()
    if as_json:
        screen.print_json({"removed": removed, "kept": staying})
    else:
        click.echo(f"Removed {entries(removed)}; {entries(staying)} protected and kept.")


def _ask(namespace: str, going: int, staying: int) -> None:
    question = f"Remove {entries(going)} of namespace {namespace!r}? {entries(staying)} protected and kept."
    click.confirm(question, abort=True, err=True)


def entries(count: int) -> str:
    """Return a number of entries in words."""
    return f"{count:,} entry" if count == 1 else f"{count:,} entries"
