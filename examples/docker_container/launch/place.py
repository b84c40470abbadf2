"""Where things lie on the host: the directory of the launcher, a site's config in it, and what both hash to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from launch.failure import WRONG_USE, Failure

_NAME = re.compile(r"[a-z0-9]+([_-][a-z0-9]+)*")
_IGNORED = ("__pycache__",)


class Place:
    """A site as files: `sites/NAME.yml` below the directory of the launcher, and the names that follow from it."""

    def __init__(self, directory: Path, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise Failure(
                f"{name!r} is no name of a site: lower-case letters and digits, single - or _ between them.", WRONG_USE
            )
        self.directory = directory
        self.name = name

    @property
    def config(self) -> Path:
        return self.directory / "sites" / f"{self.name}.yml"

    @property
    def config_inside(self) -> str:
        """The config as containers see it that have the directory mounted."""
        return f"/config/sites/{self.name}.yml"

    @property
    def mount(self) -> str:
        return f"{self.directory}:/config:ro"

    @property
    def state(self) -> Path:
        return self.directory / ".state"

    def container(self, part: str = "") -> str:
        return f"{self.name}-{part}" if part else self.name

    def image(self, tag: str) -> str:
        return f"localhost/logster-{self.name}:{tag}"

    def require_config(self) -> None:
        """Raise Failure where there is no config."""
        if not self.config.is_file():
            known = ", ".join(sorted(each.stem for each in self.config.parent.glob("*.yml"))) or "none"
            raise Failure(f"There is no {self.config}. Copy sites/demo.yml there. Sites so far: {known}.", WRONG_USE)

    def hash_of_image(self) -> str:
        """Return what changes whenever the base image has to be built anew."""
        return _hash(self.directory, (self.directory / "image").rglob("*"))

    def hash_of_config(self) -> str:
        """Return what changes whenever the site has to be wired anew."""
        return _hash(self.directory, [self.config, *(self.directory / "templates").rglob("*")])


def _hash(directory: Path, paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file() and not any(part in _IGNORED for part in path.parts):
            executable = path.stat().st_mode & 0o100
            found.update(f"{path.relative_to(directory)}\0{executable}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()[:16]
