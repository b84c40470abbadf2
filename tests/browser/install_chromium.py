"""Provides the Chromium that the browser tests drive; `make test` runs this once.

Owns where a Chromium is looked for and how one is installed. Does not start it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ADVICE = """\
The browser tests need a Chromium, and none could be installed here.
Install one so that `chromium` or `google-chrome` is on PATH (Debian: apt-get install chromium), or run
    {python} -m playwright install --with-deps chromium
and start `make test` again."""


def system_chromium() -> str | None:
    """Return the path of a Chromium on PATH, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def playwright_chromium() -> str | None:
    """Return the path of the Chromium that playwright downloaded, if it did."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def find() -> str | None:
    """Return the path of the Chromium to use, or None where there is none yet."""
    return system_chromium() or playwright_chromium()


def _run(*command: str) -> bool:
    print("$", *command, flush=True)
    return subprocess.run(command, check=False).returncode == 0


def _install_by_apt() -> bool:
    if not (os.geteuid() == 0 and shutil.which("apt-get")):
        return False
    # Ubuntu's package of this name only asks for a snap, so what counts is whether a browser stands there after.
    _run("apt-get", "update", "-qq")
    installed = _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core")
    return installed and system_chromium() is not None


def _install_by_playwright() -> bool:
    install = (sys.executable, "-m", "playwright", "install")
    return _run(*install, "--with-deps", "chromium") or _run(*install, "chromium")


def main() -> int:
    if find() or _install_by_apt() or (_install_by_playwright() and find()):
        return 0
    print(ADVICE.format(python=sys.executable), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
