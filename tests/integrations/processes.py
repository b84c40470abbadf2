"""Runs programs that log to the real server, and counts what arrived."""

import subprocess
import sys
import textwrap
from pathlib import Path

from logster.settings import Settings
from logster.store.redis_store import RedisStore

ROOT = Path(__file__).parent.parent.parent

PRELUDE = """
import logging, os, sys, time
import logster

log = logging.getLogger("app")
log.addHandler(logster.LogsterHandler())
"""


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return variables with which a program reports to where `settings` say."""
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "LOGSTER_REDIS_URL": settings.redis_url,
        "LOGSTER_NAMESPACE": settings.current_namespace(),
        "LOGSTER_FLUSH_INTERVAL_SECONDS": "60",
        "LOGSTER_DRAIN_SECONDS": "20",
        **more,
    }


def run(settings: Settings, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end. Its reports wait for the end, too: the flush interval is a minute."""
    return run_alone(settings, PRELUDE + textwrap.dedent(program), **variables)


def run_alone(settings: Settings, program: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program that sets up its own logging."""
    return _run(settings, ["-c", program], variables)


def run_file(settings: Settings, program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program that has to be a file."""
    return _run(settings, [str(program), *arguments], {})


def _run(settings: Settings, arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(settings, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def counts(settings: Settings) -> dict[str, int]:
    """Return how often each message was counted on the server."""
    store = RedisStore(settings)
    try:
        return {each.message: each.count for each in store.page(limit=1_000).entries}
    finally:
        store.close()
