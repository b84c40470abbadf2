"""Runs the steps of a site one after the other, shows each with its place, and stops at the first that fails."""

import sys
import textwrap
from collections.abc import Iterable

from bootstrap.step import Step, StepFailed


def run(steps: Iterable[Step]) -> bool:
    """Return whether all steps could be done."""
    for step in steps:
        # The output of commands goes the same way, so nothing may wait in a buffer.
        print(f"{step.place}: {_shown(step)}", flush=True)
        try:
            step.run()
        except StepFailed as error:
            print(f"{step.place}: {error}: {_shown(step)}", file=sys.stderr, flush=True)
            return False
    return True


def _shown(step: Step) -> str:
    return textwrap.indent(str(step), "    ").lstrip()
