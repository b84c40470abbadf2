"""`logster hash-password`: what stands in place of a password where HTTP basic authentication looks it up."""

import sys

import click

from logster.cli import options
from logster.cli.ending import WRONG_USE, fail
from logster.cli.session import Session
from logster.errors import ConfigurationError


@options.command("hash-password", "logster hash-password", "logster hash-password < password.txt")
def command(session: Session) -> None:  # noqa: ARG001
    """Hash a password for logster.access.basic.

    Asks for it twice, or takes the first line of standard input.
    """
    from logster.access.passwords import hash_password

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt="Again", err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    try:
        click.echo(hash_password(password))
    except ConfigurationError as error:
        fail(str(error), WRONG_USE)
