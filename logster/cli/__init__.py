"""The `logster` command. Owns the entry point, which works without the extra `cli` to say that it is missing."""

import sys
from collections.abc import Sequence

from logster.errors import MissingExtra

WRONG_USE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return the exit code.

    Arguments:
        arguments: the words after the program's name; this process's own by default.
    """
    try:
        import click  # noqa: F401
    except ImportError:
        print(f"Error: {MissingExtra('The logster command', 'cli')}", file=sys.stderr)  # noqa: T201
        return WRONG_USE
    try:
        from logster.cli.program import run

        return run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
