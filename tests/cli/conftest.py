"""Runs the real command: as a process of its own, on a terminal, or within the test's process where that is enough."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pytest

from logster.cli import main
from logster.settings import Settings
from logster.store.redis_store import RedisStore

COMMAND = [sys.executable, "-W", "error", "-m", "logster"]
PATIENCE_SECONDS = 30
INTERRUPT = "\x03"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def environment(settings: Settings, **variables: str) -> dict[str, str]:
    """Return the variables with which a process of its own finds the test's namespace."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOGSTER_", "NO_COLOR"))}
    where = {"LOGSTER_REDIS_URL": settings.redis_url, "LOGSTER_NAMESPACE": settings.current_namespace()}
    return {**kept, **where, "TERM": "xterm-256color", "COLUMNS": "100", **variables}


@pytest.fixture
def store(settings: Settings) -> Iterator[RedisStore]:
    store = RedisStore(settings)
    yield store
    store.close()


@pytest.fixture
def run(settings: Settings) -> Callable[..., Ended]:
    """Run the command as a process of its own, off a terminal."""

    def run(*arguments: str, stdin: bytes = b"", **variables: str) -> Ended:
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=environment(settings, **variables),
            input=stdin,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def inside(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Run the command within this process, which is faster."""
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)

    def inside(*arguments: str) -> Ended:
        capsys.readouterr()
        code = main(arguments)
        return Ended(code, *capsys.readouterr())

    return inside


@pytest.fixture
def on_terminal(settings: Settings) -> Callable[..., Ended]:
    """Run the command on a terminal, where `typed` answers the first question; out is all that the terminal got."""

    def on_terminal(*arguments: str, typed: str = "", **variables: str) -> Ended:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(settings, **variables),
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        shown, answered = b"", 0.0
        for chunk in _chunks(ours):
            shown += chunk
            # An interrupt may fall into a gap of CPython's readline; people press again, too.
            is_due = not answered or (typed == INTERRUPT and time.monotonic() - answered > 5)
            if typed and b"?" in shown and is_due:
                os.write(ours, typed.encode())
                answered = time.monotonic()
        os.close(ours)
        return Ended(process.wait(PATIENCE_SECONDS), shown.decode(), "")

    return on_terminal


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    _heed_interrupts()


def _heed_interrupts() -> None:
    """Undo what a shell does to jobs in the background: they would not notice a Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _chunks(descriptor: int) -> Iterator[bytes]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not select.select([descriptor], [], [], 0.5)[0]:
            yield b""
            continue
        try:
            data = os.read(descriptor, 65_536)
        except OSError:  # the other side is closed
            return
        if not data:
            return
        yield data


class Running:
    """A command that goes on until it is ended."""

    def __init__(self, arguments: Sequence[str], settings: Settings, **variables: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=environment(settings, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what was read ahead, select() would not see
            preexec_fn=_heed_interrupts,
        )

    def line(self) -> str:
        """Return the next line of its output."""
        assert self.process.stdout
        assert select.select([self.process.stdout], [], [], PATIENCE_SECONDS)[0], "nothing was printed"
        return self.process.stdout.readline().decode()

    def ended(self) -> Ended:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        return Ended(self.process.returncode, out.decode(), err.decode())


@pytest.fixture
def start(settings: Settings) -> Iterator[Callable[..., Running]]:
    """Start a command that goes on until it is ended."""
    running: list[Running] = []

    def start(*arguments: str, **variables: str) -> Running:
        running.append(Running(arguments, settings, **variables))
        return running[-1]

    yield start
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
        each.process.communicate()
