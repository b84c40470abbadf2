"""What the user is told: sentences on stderr, and in a dry run the commands on stdout."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(words: Sequence[str]) -> None:
    """Print a command as a shell would take it."""
    print(shlex.join(words), flush=True)


def note(text: str) -> None:
    """Print a remark between the commands of a dry run."""
    print(f"# {text}", flush=True)


def confirm(question: str) -> bool:
    """Ask, and return whether the answer was yes; nobody to ask counts as no."""
    if not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
