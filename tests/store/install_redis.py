"""Provides the redis-server that `make test-redis` tests on; runs once.

Owns where one is looked for and how it is installed. Does not start it, and keeps Debian from doing so.
"""

import os
import shutil
import subprocess
import sys

ADVICE = """\
These tests need a redis-server (6.2 or newer) on PATH, and none could be installed here.
Install one (Debian: apt-get install redis-server) and start `make test-redis` again."""


def _run(*command: str) -> bool:
    print("$", *command, flush=True)
    # A run level at which no service is started: the tests start their own.
    return subprocess.run(command, env=os.environ | {"RUNLEVEL": "1"}, check=False).returncode == 0


def _install_by_apt() -> bool:
    if not shutil.which("apt-get"):
        return False
    as_root = () if os.geteuid() == 0 else ("sudo", "-n")
    if as_root and not shutil.which("sudo"):
        return False
    _run(*as_root, "apt-get", "update", "-qq")
    return _run(*as_root, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "redis-server")


def main() -> int:
    if shutil.which("redis-server") or (_install_by_apt() and shutil.which("redis-server")):
        return 0
    print(ADVICE, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
