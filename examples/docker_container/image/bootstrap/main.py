"""The command `site-bootstrap`: checks a site's config, or does what it says inside the container."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bootstrap import site
from bootstrap.build import run
from bootstrap.place import ConfigWrong

_TASKS = "print the config as JSON, print the values of its secrets as JSON, or run its steps"

OK, STEP_FAILED, CONFIG_WRONG = 0, 1, 2

_ENDING = f"Exit codes: {OK} done, {STEP_FAILED} a step failed, {CONFIG_WRONG} the config or the command is wrong."


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="site-bootstrap", description=__doc__, epilog=_ENDING)
    parser.add_argument("task", choices=["check", "secrets", "build"], help=_TASKS)
    parser.add_argument("config", type=Path, help="DIRECTORY/sites/NAME.yml; templates lie below DIRECTORY")
    chosen = parser.parse_args(arguments)
    try:
        found = site.read(chosen.config)
    except ConfigWrong as error:
        print(error, file=sys.stderr)
        return CONFIG_WRONG
    if chosen.task == "build":
        return OK if run(found.steps) else STEP_FAILED
    if chosen.task == "secrets" and sys.stdout.isatty():
        print("secrets go to the program that starts the container, and not to a terminal", file=sys.stderr)
        return CONFIG_WRONG
    shown = found.secrets() if chosen.task == "secrets" else found.described()
    print(json.dumps(shown, ensure_ascii=False, indent=2))
    return OK
