"""A measurement in a process of its own, so that it starts clean and leaves nothing behind for the next.

`python -m benchmarks.child MODULE:FUNCTION` takes arguments as a line of JSON, and answers with another.
"""

import cProfile
import json
import os
import pstats
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeVar

READY, GO = "ready", "go"

T = TypeVar("T")


class Child:
    """A process that calls one function with arguments that JSON can say."""

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any], *, profiled: bool) -> None:
        name = f"{function.__module__}:{function.__name__}"
        command = [sys.executable, "-m", "benchmarks.child", name, *(["--profile"] if profiled else [])]
        # What the arguments name may be a descriptor that is inherited.
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, close_fds=False)
        self._say(json.dumps(arguments))

    def wait_until_ready(self) -> None:
        """Return once the function has made all ready, and waits."""
        line = self._hear()
        if line != READY:
            raise RuntimeError(f"The child said {line!r} instead of {READY!r}.")

    def go(self) -> None:
        """Let the function go on."""
        self._say(GO)

    def result(self) -> Any:
        """Return what the function returned."""
        line = self._hear()
        self._process.communicate()
        return json.loads(line)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().rstrip("\n")
        if not line:
            raise RuntimeError(f"The child ended with {self._process.wait()}; it says above why.")
        return line


def wait_for_go() -> None:
    """Say that all is ready, and wait for the parent."""
    print(READY, flush=True)
    sys.stdin.readline()


def profiled(function: Callable[..., T], arguments: dict[str, Any]) -> T:
    """Return what a function returns, and print where the time went, on all threads, to stderr."""
    profiles = [cProfile.Profile()]

    def join(*_: object) -> None:
        # Each thread needs a profile of its own; where one is for all of them (3.12), this one is refused.
        sys.setprofile(None)
        mine = cProfile.Profile()
        try:
            mine.enable()
        except ValueError:
            return
        profiles.append(mine)

    threading.setprofile(join)
    profiles[0].enable()
    try:
        return function(**arguments)
    finally:
        profiles[0].disable()
        threading.setprofile(None)
        for each in profiles:
            each.create_stats()
            if each.stats:
                pstats.Stats(each, stream=sys.stderr).sort_stats("tottime").print_stats(25)


def main(arguments: Sequence[str]) -> None:
    module, _, name = arguments[0].partition(":")
    function = getattr(import_module(module), name)
    given = json.loads(sys.stdin.readline())
    result = profiled(function, given) if "--profile" in arguments else function(**given)
    print(json.dumps(result), flush=True)
    sys.stderr.flush()
    # What is measured has ended: no need for the process to end in good order, too.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
