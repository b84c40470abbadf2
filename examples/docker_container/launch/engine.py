"""Docker or Podman: which one it is, and every call of it. In a dry run calls are printed and none is made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any, BinaryIO

from launch.failure import WRONG_USE, Failure
from launch.terminal import show

ENGINES = ("docker", "podman")


class Engine:
    """One engine's command.

    Args:
        name: `docker` or `podman`.
        dry: print what would be done, and do nothing.
    """

    def __init__(self, name: str, dry: bool = False) -> None:
        self.name = name
        self.dry = dry

    def do(self, *words: str, stdin: BinaryIO | None = None) -> None:
        """Run a command that changes something.

        Raises:
            Failure: the engine ended with another exit code than 0.
        """
        code = self.call(*words, stdin=stdin)
        if code:
            raise Failure(f"`{self.name} {words[0]}` ended with exit code {code}; what it said stands above.")

    def call(self, *words: str, stdin: BinaryIO | None = None, quiet: bool = False) -> int:
        """Run a command that changes something, and return its exit code."""
        if self.dry:
            show((self.name, *words))
            return 0
        out = subprocess.DEVNULL if quiet else None
        return subprocess.run(
            (self.name, *words), stdin=stdin or (None if words[0] in ("exec", "run") else subprocess.DEVNULL),
            stdout=out, stderr=out, check=False,
        ).returncode  # fmt: skip

    def replace(self, *words: str) -> None:
        """Let the engine take this process's place, so that it owns the terminal."""
        if self.dry:
            show((self.name, *words))
        else:
            os.execvp(self.name, (self.name, *words))

    def answer(self, *words: str) -> str:
        """Return what a command prints.

        Raises:
            Failure: the engine ended with another exit code than 0.
        """
        done = self._asked(words, stderr=None)
        if done.returncode:
            raise Failure(f"`{self.name} {words[0]}` ended with exit code {done.returncode}.", done.returncode)
        return done.stdout.strip()

    def ask(self, *words: str) -> str | None:
        """Return what a command prints that only looks; None where it fails, and in a dry run."""
        if self.dry:
            return None
        done = self._asked(words, stderr=subprocess.DEVNULL)
        return None if done.returncode else done.stdout.strip()

    def labels(self, kind: str, name: str) -> dict[str, str] | None:
        """Return the labels of a container or an image; None where there is none of that name."""
        found = self.ask(kind, "inspect", "--format", "{{json .Config.Labels}}", name)
        return None if found is None else json.loads(found or "null") or {}

    def image_id(self, image: str) -> str | None:
        return self.ask("image", "inspect", "--format", "{{.Id}}", image)

    def _asked(self, words: Sequence[str], stderr: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (self.name, *words),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True, check=False,
        )  # fmt: skip


def choose(wanted: str | None, dry: bool) -> Engine:
    """Return the engine that is wanted, or whichever is there.

    Raises:
        Failure: it is not installed, or not one that the launcher knows.
    """
    wanted = wanted or os.environ.get("LAUNCHER_ENGINE")
    if wanted and wanted not in ENGINES:
        raise Failure(f"{wanted!r} is no engine that the launcher knows; these are: {', '.join(ENGINES)}.", WRONG_USE)
    candidates = (wanted,) if wanted else ENGINES
    for name in candidates:
        if shutil.which(name):
            return Engine(name, dry)
    if dry:
        return Engine(candidates[0], dry)
    where = "Install it, or choose the other one with --engine." if wanted else "Install Docker or Podman."
    raise Failure(f"{' and '.join(candidates)} cannot be found on the PATH. {where}", WRONG_USE)
