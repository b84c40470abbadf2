"""A host that runs a site: a checkout with the launcher, an engine on the PATH, and a visitor who asks the site."""

import copy
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.container.engine import buildah, state
from tests.container.engine.state import Container
from tests.container.proxies import free_ports

SECRET = "correct-horse-battery-staple"

CONFIG = """
templates:
  - templates/valkey.yml
  - templates/app.yml
  - templates/nginx.yml

params:
  workers: 2
  requests_per_second: 100000
  requests_at_once: 100000

env:
  LOGSTER_NAMESPACE: site
  # All visitors of the tests have one address.
  SITE_NEW_PER_MINUTE: 100000
  SITE_READS_PER_MINUTE: 1000000
  API_TOKEN: {value: SECRET, secret: true}

expose:
  - 127.0.0.1:PORT:80

volumes:
  - host: ./shared/shop
    guest: /shared
"""

_QUIET: dict[str, Any] = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.STDOUT,
    "text": True,
}

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Test"), ("EMAIL", "test@example.org"))
}


class Host:
    """What an operator has.

    Arguments:
        directory: a new one, for everything.
        source: the repository whose files, committed or not, are checked out here.
        wheels: a directory of packages, which every container sees.
    """

    def __init__(self, directory: Path, source: Path, wheels: Path) -> None:
        self.origin = directory / "origin"
        self.checkout = directory / "checkout"
        self.name = "shop"
        self.port = free_ports(1)[0]
        self._bin = directory / "bin"
        self._make_origin(source)
        self._git("clone", "--quiet", str(self.origin), str(self.checkout), at=directory)
        self.configure("shop", CONFIG.replace("PORT", str(self.port)).replace("SECRET", SECRET))
        os.environ["ENGINE_STATE"] = str(directory / "engine")
        state.root().mkdir()
        given = {
            "driver": buildah.driver(directory / "layers"),
            "volumes": {"/wheels:ro": str(wheels)},
            "env": {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"},
        }
        (state.root() / "given.json").write_text(json.dumps(given))
        self._bin.mkdir()
        docker = self._bin / "docker"
        docker.write_text(f'#!/bin/sh\nPYTHONPATH={source} exec {sys.executable} -m tests.container.engine "$@"\n')
        docker.chmod(0o755)

    @property
    def example(self) -> Path:
        return self.checkout / "examples/docker_container"

    @property
    def shared(self) -> Path:
        return self.example / "shared" / self.name

    @property
    def container(self) -> Container:
        found = state.find(self.name)
        assert found
        return found

    @property
    def root(self) -> Path:
        """The file system of the running container, as it sees it."""
        return Path(f"/proc/{self.container.pid}/root")

    def configure(self, name: str, text: str) -> None:
        """Write a site's config, for its operator alone to read."""
        config = self.example / f"sites/{name}.yml"
        config.write_text(text)
        config.chmod(0o600)

    def other(self, name: str, port: int) -> "Host":
        """Return the same host with another of its sites in view."""
        seen = copy.copy(self)
        seen.name, seen.port = name, port
        return seen

    def engine_has(self, debian: Path) -> None:
        """Let the engine have the image that the base image begins with."""
        buildah.imported(debian, buildah.DEBIAN)

    def launch(self, *words: str, code: int = 0) -> str:
        """Run a command of the launcher for the site, and return what it prints."""
        done = subprocess.run(self._launcher(*words), env=self._environment(), **_QUIET, check=False)
        assert done.returncode == code, done.stdout
        return done.stdout

    @contextmanager
    def launching(self, *words: str) -> Iterator[None]:
        """Run a command of the launcher, and interrupt it afterwards."""
        process = subprocess.Popen(self._launcher(*words), env=self._environment(), **_QUIET)
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate()

    def engine(self, *words: str) -> str:
        """Run a command of the engine, and return what it prints."""
        done = subprocess.run([str(self._bin / "docker"), *words], **_QUIET, check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def inside(self, *words: str, code: int = 0) -> str:
        """Run a command in the site's container, and return what it prints."""
        done = subprocess.run([str(self._bin / "docker"), "exec", self.name, *words], **_QUIET, check=False)
        assert done.returncode == code, done.stdout
        return done.stdout

    def push(self, path: str, old: str, new: str) -> None:
        """Let somebody commit a change to the origin."""
        place = self.origin / path
        text = place.read_text()
        assert old in text
        place.write_text(text.replace(old, new))
        self._git("commit", "--quiet", "--all", "--message", f"change {path}", at=self.origin)

    def status(self, path: str) -> int:
        """Return the status of an answer of the site, or 0 where none came."""
        try:
            return self.get(path)[0]
        except (OSError, http.client.HTTPException):
            return 0

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of an answer of the site."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def end(self) -> None:
        """Leave nothing of the engine behind."""
        for each in state.everyone():
            self.engine("rm", "--force", "--volumes", each.name)

    def _launcher(self, command: str, *options: str) -> list[str]:
        return [sys.executable, str(self.example / "launcher"), command, self.name, *options]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}", "LAUNCHER_ENGINE": "docker"}

    def _make_origin(self, source: Path) -> None:
        listed = subprocess.check_output(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=source, text=True
        )
        for name in listed.split("\0"):
            if name and (source / name).is_file():
                (self.origin / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / name, self.origin / name)
        self._git("init", "--quiet", "--initial-branch", "main", at=self.origin)
        self._git("add", "--all", at=self.origin)
        self._git("commit", "--quiet", "--message", "first", at=self.origin)

    def _git(self, *words: str, at: Path) -> None:
        subprocess.run(["git", *words], cwd=at, env=os.environ | IDENTITY, check=True)
