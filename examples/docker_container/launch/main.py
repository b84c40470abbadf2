"""The command line: what can be typed, and how a command ends."""

from __future__ import annotations

import argparse
import contextlib
import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from launch.commands import COMMANDS, UNLOCKED, Work
from launch.engine import ENGINES, choose
from launch.failure import FAILED, INTERRUPTED, WRONG_USE, Failure
from launch.lock import locked
from launch.place import Place
from launch.terminal import say

_ENDING = f"Exit codes: 0 done, {FAILED} something failed, {WRONG_USE} the config or the command is wrong."


_HERE = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None, directory: Path = _HERE) -> int:
    """Do what the command line says and return the exit code.

    Args:
        arguments: what was typed.
        directory: where `sites`, `templates` and `image` lie.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    # What follows -- belongs to the command that is to be run, options and all.
    ours = words[: words.index("--")] if "--" in words else words
    typed = _parser().parse_args(ours, argparse.Namespace(words=words[len(ours) + 1 :]))
    before = signal.signal(signal.SIGTERM, _interrupt)  # whoever ends a timer's service wants no remains either
    try:
        place = Place(directory, typed.name)
        work = Work(choose(typed.engine, typed.dry_run), place, typed)
        is_free = typed.dry_run or typed.command in UNLOCKED
        with contextlib.nullcontext() if is_free else locked(place, typed.command):
            code = _silenced(work) if typed.dry_run else COMMANDS[typed.command](work)
    except Failure as failure:
        say(f"launcher: {failure}")
        return failure.code
    except KeyboardInterrupt:
        say("launcher: interrupted.")
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)
    return code if isinstance(code, int) else 0


def _silenced(work: Work) -> object:
    """Run a command that only prints what it would run, and would otherwise tell of what was not done."""
    with contextlib.redirect_stderr(io.StringIO()):
        return COMMANDS[work.typed.command](work)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="launcher", description="Builds, starts and updates sites.", epilog=_ENDING)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, function in COMMANDS.items():
        text = function.__doc__ or ""
        command = commands.add_parser(name, help=text, description=text, epilog=_ENDING)
        command.add_argument("name", metavar="NAME", help="the site, of which sites/NAME.yml is the config")
        command.add_argument("--engine", choices=ENGINES, help="LAUNCHER_ENGINE, or whichever is there, by default")
        if name == "run":
            command.usage = "launcher run [options] NAME -- COMMAND ..."
        command.add_argument("--dry-run", action="store_true", help="print what would be run, and run nothing")
        _ADDITIONS.get(name, lambda _: None)(command)
    return parser


def _builds(command: argparse.ArgumentParser) -> None:
    command.add_argument("--ref", default="", help="a branch or tag to deploy instead of what is checked out")


def _updates(command: argparse.ArgumentParser) -> None:
    _builds(command)
    command.add_argument("--force", action="store_true", help="build also what runs already, or was rolled back")
    command.add_argument("--fetched", action="store_true", help=argparse.SUPPRESS)


def _destroys(command: argparse.ArgumentParser) -> None:
    command.add_argument("--with-data", action="store_true", help="remove what the site keeps in its volumes, too")
    command.add_argument("--yes", action="store_true", help="do not ask")


def _logs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--follow", "-f", action="store_true", help="go on until Ctrl-C")
    command.add_argument("--tail", type=int, default=200, metavar="LINES", help="how many lines to begin with (200)")


_ADDITIONS = {
    "bootstrap": _builds, "rebuild": _builds, "update": _updates,
    "destroy": _destroys, "logs": _logs,
}  # fmt: skip
