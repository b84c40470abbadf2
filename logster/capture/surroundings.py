"""What every occurrence of this process shares: host, process id, versions.

Owns facts about the process. Found out once, without starting anything.
"""

import os
import platform
import socket
from functools import lru_cache
from pathlib import Path

from logster.entry import Env
from logster.forking import after_fork
from logster.settings import Settings

# Where platforms and build systems leave the version they deployed.
_VERSION_VARIABLES = (
    "GIT_COMMIT",
    "GIT_SHA",
    "SOURCE_VERSION",
    "HEROKU_SLUG_COMMIT",
    "RENDER_GIT_COMMIT",
    "RAILWAY_GIT_COMMIT_SHA",
    "VERCEL_GIT_COMMIT_SHA",
    "CI_COMMIT_SHA",
    "GITHUB_SHA",
)


def process_env(settings: Settings) -> Env:
    """Return the env that all occurrences of this process share."""
    return _process_env(settings.hostname, _process_id, application_version(settings))


_process_id = os.getpid()


def _after_fork() -> None:
    global _process_id
    _process_id = os.getpid()


# To ask the system takes as long as much of what a report costs.
after_fork(_after_fork)


@lru_cache(maxsize=16)
def _process_env(name: str, process_id: int, version: str) -> Env:
    env: Env = {"hostname": hostname(name), "process_id": process_id, "python_version": platform.python_version()}
    return env | ({"application_version": version} if version else {})


def hostname(setting: str) -> str:
    """Return how this machine is called: "short", "full" or the name itself."""
    if setting not in ("short", "full"):
        return setting
    name = socket.gethostname()
    return name.partition(".")[0] if setting == "short" else name


def application_version(settings: Settings) -> str:
    """Return the version of the app: as set, as the platform says, or the commit that is checked out."""
    return settings.application_version or _detected_version(settings.project_root)


@lru_cache(maxsize=16)
def _detected_version(project_root: str) -> str:
    for variable in _VERSION_VARIABLES:
        if version := os.environ.get(variable, "").strip():
            return version[:100]
    try:
        return checked_out_commit(Path(project_root or Path.cwd()))
    except (OSError, ValueError):  # also of a file that is no text
        return ""


def checked_out_commit(directory: Path) -> str:
    """Return the short hash of the commit that is checked out in `directory` or above, read from .git's files."""
    for each in (directory, *directory.parents):
        git = each / ".git"
        if git.is_file():  # a worktree: "gitdir: …"
            git = each / git.read_text().partition("gitdir:")[2].strip()
        if (git / "HEAD").is_file():
            return _commit(git)[:12]
    return ""


def _commit(git: Path) -> str:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref:"):
        return head
    name = head.removeprefix("ref:").strip()
    common = git
    if (git / "commondir").is_file():
        common = git / (git / "commondir").read_text().strip()
    for place in (git / name, common / name):
        if place.is_file():
            return place.read_text().strip()
    packed = common / "packed-refs"
    if packed.is_file():
        for line in packed.read_text().splitlines():
            commit, _, ref = line.partition(" ")
            if ref == name:
                return commit
    return ""
