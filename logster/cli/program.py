"""The `logster` program: its commands by name, each imported when it is used, and the options they share."""

import os
from collections.abc import Sequence
from importlib import import_module

import click
from click.shell_completion import shell_complete

import logster
from logster.cli.ending import guarded
from logster.cli.session import Session

# Every command with its module; `logster report` must not wait for what the others import.
COMMANDS = {
    "tail": "tail",
    "search": "search",
    "show": "show",
    "report": "report",
    "solve": "solve",
    "unsolve": "unsolve",
    "protect": "protect",
    "unprotect": "unprotect",
    "delete": "delete",
    "clear": "clear",
    "patterns": "patterns",
    "export": "export",
    "import": "importing",
    "migrate": "migrate",
    "serve": "serve",
    "doctor": "doctor",
    "hash-password": "hash_password",
}

# What a shell sets that wants to complete a command: eval "$(_LOGSTER_COMPLETE=bash_source logster)"
_COMPLETE = "_LOGSTER_COMPLETE"

_EXAMPLES = """\b
Examples:
  logster tail --level error
  logster search 'timeout since:2h'
  logster report --level error 'Backup failed' < /dev/null
  logster --namespace shop export shop.jsonl.gz
  logster doctor

Redis is found by --redis-url or LOGSTER_REDIS_URL; every setting has its LOGSTER_* variable.

\b
Exit codes: 0 done, 1 nothing found or a check failed, 2 wrong use, 3 Redis away."""


class _Program(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"logster.cli.{COMMANDS[cmd_name]}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(f"{error.message} Commands are: {', '.join(COMMANDS)}.", ctx) from None


@click.group(cls=_Program, epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--redis-url", metavar="URL", help="Where the entries are kept (LOGSTER_REDIS_URL).")
@click.option("--namespace", metavar="NAME", help="Whose entries these are (LOGSTER_NAMESPACE).")
@click.version_option(logster.__version__, prog_name="logster")
@click.pass_context
def program(context: click.Context, redis_url: str | None, namespace: str | None) -> None:
    """Look into the log of errors, report to it, and look after it."""
    context.obj = Session(redis_url, namespace)
    context.call_on_close(context.obj.close)


def run(arguments: Sequence[str]) -> int:
    """Run a command, and return the exit code."""
    if instruction := os.environ.get(_COMPLETE):
        return shell_complete(program, {}, "logster", _COMPLETE, instruction)
    return guarded(lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> None:
    # Not program.main(), which has ways of its own to end on Ctrl-C and on a closed pipe.
    with program.make_context("logster", list(arguments)) as context:
        program.invoke(context)
