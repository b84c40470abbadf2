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
    # The values go to whoever starts a container, and nowhere else.
    secrets = {name: variable.value for name, variable in found.env.items() if variable.secret}
    print(json.dumps(secrets if chosen.task == "secrets" else found.described(), ensure_ascii=False, indent=2))
    return OK
