"""The app's source in git: fetching it, and handing out what is committed, so that nothing else gets into an image."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from launch.failure import Failure
from launch.terminal import say, show


class Source:
    """The checkout around the launcher's directory.

    Args:
        directory: where the launcher lies.
        ref: a branch or tag of the remote to deploy; empty for what is checked out.
        dry: print the commands that would change something, and run none.
    """

    def __init__(self, directory: Path, ref: str = "", dry: bool = False) -> None:
        self.directory = directory
        self.ref = ref
        self.dry = dry

    @property
    def root(self) -> Path:
        return Path(self._answer("rev-parse", "--show-toplevel"))

    def fetch(self) -> None:
        """Fetch, and bring the checkout forward; with a ref of its own it stays as it is.

        Raises:
            Failure: the remote cannot be reached, or the checkout has gone another way.
        """
        if self.ref:
            self._do("fetch", "--quiet", "origin", f"+{self.ref}:refs/launcher/{self.ref}")
            return
        self._do("fetch", "--quiet")
        self._do("merge", "--quiet", "--ff-only", "@{upstream}")

    def commit(self) -> str:
        """Return the commit that is to be deployed."""
        if not self.ref:
            return self._answer("rev-parse", "HEAD")
        for name in (f"refs/launcher/{self.ref}", self.ref, f"origin/{self.ref}"):
            if found := self._answer("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", required=False):
                return found
        raise Failure(f"There is no {self.ref!r} in {self.root}. `launcher update` fetches it.")

    @contextmanager
    def exported(self, commit: str) -> Iterator[Path]:
        """Give a directory with the files of `commit`, and remove it afterwards."""
        if self._answer("status", "--porcelain", "--untracked-files=no"):
            say("Changes that are not committed do not get into the image.")
        with tempfile.TemporaryDirectory(prefix="launcher-source-") as name:
            if self.dry:
                show(self._archive(commit))
                yield Path("SOURCE")
                return
            Path(name).chmod(0o755)  # steps of the config may run as other users
            with self.packed(commit) as archive:
                subprocess.run(("tar", "-xC", name), stdin=archive, check=True)
            yield Path(name)

    @contextmanager
    def packed(self, commit: str) -> Iterator[BinaryIO]:
        """Give the files of `commit` as a tar archive."""
        with tempfile.TemporaryFile() as file:
            if self.dry:
                show(self._archive(commit))
            else:
                subprocess.run(self._archive(commit), stdout=file, check=True)
                file.seek(0)
            yield file

    def _do(self, *words: str) -> None:
        if self.dry:
            show((*self._git(), *words))
            return
        code = subprocess.run((*self._git(), *words), stdin=subprocess.DEVNULL, check=False).returncode
        if code:
            raise Failure(
                f"`git {words[0]}` ended with exit code {code}; what it said stands above. The site is as it was.\n"
                "Keep changes of your own in a config of its own below sites/, or commit and rebase them."
            )

    def _answer(self, *words: str, required: bool = True) -> str:
        try:
            done = subprocess.run(
                (*self._git(), *words), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise Failure("git cannot be found on the PATH. Install it.") from None
        if done.returncode and required:
            raise Failure(f"`git {' '.join(words)}` in {self.directory} failed: {done.stderr.strip()}")
        return "" if done.returncode else done.stdout.strip()

    def _archive(self, commit: str) -> tuple[str, ...]:
        # From the root: below it git would leave out what lies above.
        return ("git", "-C", str(self.root), "archive", commit)

    def _git(self, *words: str) -> tuple[str, ...]:
        return ("git", "-C", str(self.directory), *words)
