"""Images and the file systems of containers, by buildah in a storage of our own."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.container.engine.state import given, root

DEBIAN = "localhost/debian:trixie-slim"


class Missing(Exception):
    """There is no image of that name."""


def driver(place: Path) -> str:
    """Return how layers are best kept at a place: over each other where the kernel lets us, else copied."""
    parts = [place / name for name in ("lower", "upper", "work", "merged")]
    for each in parts:
        each.mkdir(parents=True, exist_ok=True)
    options = f"lowerdir={parts[0]},upperdir={parts[1]},workdir={parts[2]}"
    words = ("mount", "-t", "overlay", "overlay", "-o", options, str(parts[3]))
    if subprocess.run(words, stderr=subprocess.DEVNULL, check=False).returncode:
        return "vfs"
    subprocess.run(["umount", str(parts[3])], check=True)
    return "overlay"


def run(*words: str) -> str:
    """Return what a command of buildah prints."""
    storage = (
        "--root",
        str(root() / "storage"),
        "--runroot",
        str(root() / "run"),
        "--storage-driver",
        given()["driver"],
    )
    done = subprocess.run(
        ["buildah", *storage, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def build(directory: str, tag: str, labels: list[str], arguments: list[str]) -> None:
    given = [word for each in arguments for word in ("--build-arg", each)]
    marked = [word for each in labels for word in ("--label", each)]
    options = ("--isolation", "chroot", "--layers=false", "--quiet")
    run("bud", *options, *given, *marked, "--tag", tag, directory)


def imported(archive: Path, tag: str) -> None:
    """Make an image of a tar archive."""
    worker = run("from", "scratch")
    run("add", "--quiet", worker, str(archive), "/")
    run("commit", "--quiet", worker, tag)
    run("rm", worker)


def image(name: str) -> dict[str, Any]:
    """Return `id`, `labels`, `env` and `command` of an image.

    Raises:
        Missing: there is none.
    """
    try:
        described = json.loads(run("inspect", "--type", "image", name))
    except subprocess.CalledProcessError:
        raise Missing(name) from None
    config = described["OCIv1"].get("config", {})
    env = dict(each.split("=", 1) for each in config.get("Env") or [])
    return {
        "id": described["FromImageID"],
        "labels": config.get("Labels") or {},
        "env": env,
        "command": config.get("Cmd") or [],
    }


def tags(repository: str) -> list[tuple[str, str]]:
    """Return the tag and the identity of each image of a repository."""
    found = json.loads(run("images", "--json", "--no-trunc"))
    names = [(name.rpartition(":"), each["id"]) for each in found for name in each.get("names") or []]
    return [(tag, identity) for (name, _, tag), identity in names if name == repository]


def begin(name: str) -> tuple[str, Path]:
    """Return a new file system of an image: buildah's name for it, and where it is."""
    worker = run("from", "--pull-never", name)
    return worker, Path(run("mount", worker))


def place(worker: str) -> Path:
    return Path(run("mount", worker))


def commit(worker: str, tag: str, command: list[str], labels: dict[str, str]) -> None:
    marked = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    run("config", *marked, "--cmd", json.dumps(command), worker)
    run("commit", "--quiet", worker, tag)


def remove(worker: str) -> None:
    run("rm", worker)
