"""Writes to the terminal: colours only where somebody sees them, and nothing that a stranger wrote unescaped."""

import json
import os
import sys
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

from logster.cli.visible import HARMFUL, visible

COLOURS = {"DEBUG": "dim", "INFO": "cyan", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold magenta"}


class _Console(Console):
    """A console that leaves it to the command what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise


def is_terminal() -> bool:
    """Return whether somebody looks at stdout."""
    return sys.stdout.isatty()


def console(*, stderr: bool = False) -> Console:
    """Return where to print; colourless off a terminal and where NO_COLOR is set."""
    stream = sys.stderr if stderr else sys.stdout
    plain = not stream.isatty() or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return _Console(
        file=stream,
        force_terminal=stream.isatty(),
        color_system=None if plain else "auto",
        no_color=plain,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
    )


def text(value: str, style: str = "", *, lines: bool = False) -> Text:
    """Return anything as harmless text in a style."""
    return Text(visible(value, lines=lines), style=style)


def print_json(value: Any) -> None:
    """Print a value as one line of JSON."""
    click.echo(escaped(msgspec.json.encode(value).decode()))
    sys.stdout.flush()


def escaped(encoded: str) -> str:
    """Return lines of JSON such that a terminal finds nothing to obey in them."""
    return HARMFUL.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], encoded)


def print_line(line: Text) -> None:
    """Print a line: cut to the width of a terminal, whole off one."""
    out = console()
    if is_terminal():
        line.truncate(out.width, overflow="ellipsis")
    out.print(line)
    sys.stdout.flush()
