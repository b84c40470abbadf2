"""What has to be so before a command starts, each with what to do where it is not."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launch.engine import Engine
from launch.failure import Failure
from launch.place import Place

_OLDEST = {"docker": (20, 10), "podman": (4, 0)}
_VERSION = {"docker": "{{.Server.Version}}", "podman": "{{.Client.Version}}"}
_STORAGE = {"docker": "{{.DockerRootDir}}", "podman": "{{.Store.GraphRoot}}"}
_DISK_MB = 2_000
_MEMORY_MB = 512


@dataclass(frozen=True)
class Finding:
    """Whether one thing is as it has to be, and in words what was found, with what to do."""

    what: str
    is_fine: bool
    text: str


def require(engine: Engine, place: Place, *, builds: bool = False) -> None:
    """Check what every command needs, and with `builds` what building an image needs beyond that.

    Raises:
        Failure: the first thing that is not as it has to be.
    """
    place.require_config()
    if engine.dry:
        return
    for finding in _needed(engine, place, builds):
        if not finding.is_fine:
            raise Failure(finding.text)


def findings(engine: Engine, place: Place) -> Iterator[Finding]:
    """Yield everything that can be looked at before a site is built; nothing beyond an engine that does not answer."""
    for finding in _needed(engine, place, builds=True):
        yield finding
        if finding.what == "engine" and not finding.is_fine:
            return


def _needed(engine: Engine, place: Place, builds: bool) -> Iterator[Finding]:
    version = engine.ask("version", "--format", _VERSION[engine.name])
    yield _engine(engine.name, version)
    yield _age(engine.name, version or "")
    if builds:
        storage = engine.ask("info", "--format", _STORAGE[engine.name]) or ""
        yield disk(Path(storage) if Path(storage).is_dir() else place.directory)
        yield memory(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000)
        yield _git()


def _engine(name: str, version: str | None) -> Finding:
    if version:
        return Finding("engine", True, f"{name} {version} answers.")
    advice = {
        "docker": "Start it (systemctl start docker), and join its group or use sudo.",
        "podman": "Try `podman info`.",
    }
    return Finding("engine", False, f"{name} is installed, and does not answer. {advice[name]}")


def _age(name: str, version: str) -> Finding:
    numbers = tuple(int(each) for each in re.findall(r"\d+", version)[:2])
    oldest = ".".join(map(str, _OLDEST[name]))
    if numbers >= _OLDEST[name]:
        return Finding("version", True, f"{name} {version} is new enough (from {oldest}).")
    return Finding("version", False, f"{name} {version} is too old: the launcher needs {oldest} or newer.")


def disk(directory: Path, needed_mb: int = _DISK_MB) -> Finding:
    """Look for room on the disk that `directory` is on."""
    free = shutil.disk_usage(directory).free // 1_000_000
    if free >= needed_mb:
        return Finding("disk", True, f"{free:,} MB are free at {directory}.")
    text = f"{free:,} MB are free at {directory}; building needs {needed_mb:,}."
    return Finding("disk", False, f"{text} `launcher cleanup NAME` removes old images.")


def memory(total_mb: int) -> Finding:
    """Judge the machine's memory."""
    if total_mb >= _MEMORY_MB:
        return Finding("memory", True, f"The machine has {total_mb:,} MB of memory.")
    text = f"The machine has {total_mb:,} MB of memory; building and running a site need {_MEMORY_MB:,}."
    return Finding("memory", False, text)


def _git() -> Finding:
    if shutil.which("git"):
        return Finding("git", True, "git is there.")
    return Finding("git", False, "git cannot be found on the PATH. Install it.")
