"""Makes a release of the app's source: its code, compiled, beside the packages that it needs.

The packages are shared by all releases that ask for the same ones, so that changed code alone needs no network.
"""

import compileall
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from releases.failure import Failure
from releases.shelf import Shelf

PROJECT = "pyproject.toml"
CODE = ("logster", "web", "docs", "README.md", "SECURITY.md", "CHANGELOG.md", PROJECT)
EXTRA = "cli"
GROUP = "production"


def make(shelf: Shelf, source: Path) -> Path:
    """Return a new release of the source, which is not current yet.

    Raises:
        Failure: the source is not that of the app, or its packages could not be installed.
    """
    release = shelf.next()
    unfinished = release.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        _copy(source, unfinished)
        dependencies = _dependencies(shelf, source)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    (unfinished / "dependencies").symlink_to(dependencies)
    unfinished.rename(release)
    # With the paths that they are going to have.
    for name in ("logster", "web"):
        compileall.compile_dir(release / name, quiet=2)
    return release


def _copy(source: Path, place: Path) -> None:
    for name in CODE:
        try:
            if (source / name).is_dir():
                shutil.copytree(source / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source / name, place / name)
        except FileNotFoundError:
            raise Failure(f"{source} is not the source of the app: there is no {name}.") from None


def wanted(source: Path) -> tuple[list[str], str]:
    """Return the packages that the source asks for, and the group of others beside them, as pip takes it.

    Raises:
        Failure: it does not say so.
    """
    project = _project(source)["project"]
    return [*project["dependencies"], *project["optional-dependencies"][EXTRA]], f"{source / PROJECT}:{GROUP}"


def _project(source: Path) -> dict[str, Any]:
    try:
        return tomllib.loads((source / PROJECT).read_text())
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{source / PROJECT} cannot be read: {error}") from None


def _dependencies(shelf: Shelf, source: Path) -> Path:
    """Return the directory of the packages that the source asks for, installed where it is not there yet."""
    packages, group = wanted(source)
    groups = _project(source)["dependency-groups"]
    described = json.dumps([sys.version_info[:2], packages, groups], sort_keys=True)
    place = shelf.root / "dependencies" / hashlib.sha256(described.encode()).hexdigest()[:16]
    if not place.is_dir():
        _install(place, packages, group)
    return place


def _install(place: Path, packages: list[str], group: str) -> None:
    unfinished = place.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    # There is no compiler here.
    options = ("--only-binary=:all:", "--no-cache-dir", "--quiet", "--disable-pip-version-check")
    words = (*options, "--root-user-action=ignore", "--target", str(unfinished), "--group", group, *packages)
    done = subprocess.run((sys.executable, "-m", "pip", "install", *words), stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise Failure("The packages that the app needs could not be installed; what pip said stands above.")
    unfinished.rename(place)
