"""Where the engine keeps what it knows, and which mounts and variables every container of it gets."""

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


def root() -> Path:
    return Path(os.environ["ENGINE_STATE"])


def given() -> dict[str, Any]:
    """Return what this engine gives to each container, `volumes` by where they are seen and `env`, and its `driver`."""
    found: dict[str, Any] = json.loads((root() / "given.json").read_text())
    return found


@dataclass
class Container:
    """What is known of a container."""

    name: str
    image: str
    """The image's identity."""
    worker: str
    """buildah's name for its file system."""
    command: list[str]
    labels: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    volumes: dict[str, str] = field(default_factory=dict)
    """Directories of the host, by where they are seen; those with :ro at the end cannot be written to."""
    tmpfs: list[str] = field(default_factory=list)
    ports: dict[int, int] = field(default_factory=dict)
    """Ports of the container, by those of the host."""
    capabilities: list[str] | None = None
    """The only rights of root that it has; all of them by default."""
    is_read_only: bool = False
    may_gain_rights: bool = True
    pid: int = 0
    """Its process 1, as the host sees it."""

    @property
    def directory(self) -> Path:
        return root() / "containers" / self.name

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def is_running(self) -> bool:
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return bool(self.pid) and state != "Z"

    def save(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        unfinished = self.directory / "container.new"
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.replace(self.directory / "container.json")

    def forget(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)


def find(name: str) -> Container | None:
    place = root() / "containers" / name / "container.json"
    if not place.is_file():
        return None
    said = json.loads(place.read_text())
    said["ports"] = {int(host): port for host, port in said["ports"].items()}
    return Container(**said)


def everyone() -> list[Container]:
    """Return all containers, the newest first."""
    places = (root() / "containers").glob("*/container.json")
    newest = sorted(places, key=lambda place: place.parent.stat().st_ctime_ns, reverse=True)
    return [found for place in newest if (found := find(place.parent.name))]
