"""Does the same to each of some entries, and says for each whether there was one. Knows no particular change."""

from collections.abc import Callable

import click

from logster.cli.ending import NOTHING, fail
from logster.cli.finding import key_of, nobody
from logster.cli.session import Session


def change(session: Session, keys: tuple[str, ...], as_json: bool, done: str, apply: Callable[[str], object]) -> None:
    """Apply a change to entries; ends with exit code 1 where one of them does not exist.

    Arguments:
        session: where the entries are.
        keys: as they were typed.
        as_json: whether to print JSON.
        done: what has become of an entry, as a word.
        apply: the change; returns whether there was such an entry.
    """
    missing = []
    for typed, key in [(typed, key_of(session.store, typed)) for typed in keys]:
        there = bool(apply(key))
        if not there:
            missing.append(typed)
        if as_json:
            from logster.cli import screen

            screen.print_json({"key": key, done: there})
        elif there:
            click.echo(f"{done.capitalize()} {key}.")
    if missing:
        fail("\n".join(nobody(each) for each in missing), NOTHING)
