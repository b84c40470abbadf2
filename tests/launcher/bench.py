"""A checkout with the launcher in it, and an engine on the PATH that records what it is told."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.launcher.engine import RecordingEngine

EXAMPLE = Path(__file__).parents[2] / "examples/docker_container"
PATIENCE_SECONDS = 30
BASE = "localhost/logster-base:1"
IDENTITY = {f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
DESCRIPTION = {
    "name": "shop",
    "params": {"listen": "80"},
    "env": {"LOGSTER_NAMESPACE": "shop"},
    "secrets": [],
    "expose": ["8080:80"],
    "volumes": [{"host": "./shared/shop", "guest": "/shared"}],
    "labels": {},
}

Main = Callable[[Sequence[str], Path], int]


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Bench:
    """The launcher on one site, `shop`, with one engine.

    Args:
        directory: where everything of the bench lies.
        engine: `docker` or `podman`.
        origin: the repository to clone.
        call: runs the launcher within this process, which is faster, and returns how it ended.
    """

    def __init__(self, directory: Path, engine: str, origin: Path, call: Callable[[list[str], Path], Ended]) -> None:
        self.origin = directory / "origin"
        self.checkout = directory / "checkout"
        shutil.copytree(origin, self.checkout)
        shutil.copytree(origin / ".git", self.origin)
        self.example = self.checkout / "examples/docker_container"
        self.config = self.example / "sites/shop.yml"
        self.config.write_text("# read by the base image alone\n")
        self.config.chmod(0o600)
        self.engine = RecordingEngine(directory / "engine", engine)
        self.describe()
        self._call = call

    def describe(self, **description: Any) -> None:
        """Set what the site's config says."""
        self.engine.description = DESCRIPTION | description

    def run(self, *words: str) -> Ended:
        command, *rest = words
        return self._call([command, "shop", *rest], self.example)

    def done(self, *words: str) -> Ended:
        """Run a command that has to succeed."""
        ended = self.run(*words)
        assert ended.code == 0, ended.err
        return ended

    def start_process(self, *words: str) -> "subprocess.Popen[str]":
        """Start a command as a process of its own, in a group of its own."""
        command, *rest = words
        return subprocess.Popen(
            [sys.executable, "-W", "error", str(self.example / "launcher"), command, "shop", *rest],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def process(self, *words: str) -> Ended:
        """Run a command as a process of its own, for those that let another program take their place."""
        return ended(self.start_process(*words))

    def interrupted(self, *words: str, where: str, how: signal.Signals = signal.SIGINT) -> Ended:
        """Run a command, and send its whole group a signal while the engine is at `where`, as a terminal does."""
        self.engine.hanging = where
        process = self.start_process(*words)
        assert self.engine.hangs.wait(PATIENCE_SECONDS), "the engine never got there"
        os.killpg(process.pid, how)
        return ended(process)

    def have_green_images(self) -> None:
        """Let the base image, a good one and one before be there, made of what is checked out."""
        wanted = self.wanted()
        self.engine.make_image(BASE, image=wanted["image"])
        for tag in ("previous", "good"):
            self.engine.make_image(f"localhost/logster-shop:{tag}", **wanted)

    def wanted(self) -> dict[str, str]:
        """Return what an image would be made of now."""
        from launch.place import Place

        place = Place(self.example, "shop")
        head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=self.checkout, text=True).strip()
        return {"source": head, "image": place.hash_of_image(), "config": place.hash_of_config()}

    def tag(self, tag: str) -> str | None:
        """Return the identity of the image with a tag."""
        found = self.engine.images.get(f"localhost/logster-shop:{tag}")
        return found.identity if found else None

    def images(self) -> list[str]:
        """Return the names of the site's own images."""
        return [name for name in self.engine.images if "shop" in name]

    def push(self, path: str, text: str) -> str:
        """Change a file in the origin, and return the commit."""
        other = self.checkout.with_name("other")
        self.git("clone", "--quiet", str(self.origin), str(other), at=self.origin)
        (other / path).write_text(text)
        self.git("commit", "--quiet", "--all", "-m", "change", at=other)
        self.git("push", "--quiet", at=other)
        commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=other, text=True).strip()
        shutil.rmtree(other)
        return commit

    def git(self, *words: str, at: Path | None = None) -> None:
        subprocess.run(["git", *words], cwd=at or self.checkout, env=os.environ | IDENTITY, check=True)


def ended(process: "subprocess.Popen[str]") -> Ended:
    """Wait for the end of a process."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return Ended(process.returncode, out, err)


def make_origin(directory: Path) -> None:
    """Make a repository like this one, with the launcher as it is, that tracks a remote beside it called `origin`."""
    example = directory / "examples/docker_container"
    shutil.copytree(EXAMPLE / "launch", example / "launch", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("launcher", ".gitignore"):
        shutil.copy(EXAMPLE / name, example / name)
    for name in ("image/Dockerfile", "templates/app.yml", "sites/demo.yml", "smoke_test.py", "../../code.py"):
        path = example / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# as committed\n")
    git = ["git", "-c", "init.defaultBranch=main"]
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["commit", "--quiet", "-m", "first"],
        ["remote", "add", "origin", "../origin"],
        ["config", "branch.main.remote", "origin"],
        ["config", "branch.main.merge", "refs/heads/main"],
        ["config", "receive.denyCurrentBranch", "ignore"],
    ):
        subprocess.run([*git, *words], cwd=directory, env=os.environ | IDENTITY, check=True)
