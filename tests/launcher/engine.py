"""Stands in for Docker and Podman: a program on the PATH that hands every call to the test, which records it.

The program does as little as possible, since a command makes many calls; images and containers are kept here.
"""

import json
import marshal
import os
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Imports nothing but what the interpreter has built in, and so starts ten times as fast.
_PROGRAM = """#!{python} -IS
import sys
sys.path.append({dynload!r})
import marshal, posix, _socket
words = sys.argv[1:]
taken = len(sys.stdin.buffer.read()) if '--interactive' in words else None
connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
connection.connect({address!r})
connection.sendall(marshal.dumps((words, dict(posix.environ), taken)))
connection.shutdown(_socket.SHUT_WR)
code, text = marshal.loads(connection.recv(1_000_000))
sys.stdout.write(text)
posix._exit(sys.stdout.flush() or code)
"""

LOOKING = ("version", "info", "image inspect", "container inspect", "ps ", "image ls")


@dataclass
class Call:
    words: list[str]
    environment: dict[str, str]
    stdin: int | None
    env_file: tuple[Path, int, str] | None = None
    """Its path, its mode and its text while the call went on."""

    def __str__(self) -> str:
        return " ".join(self.words)


@dataclass
class Image:
    identity: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass
class Container:
    image: str
    labels: dict[str, str] = field(default_factory=dict)
    running: bool = True


class RecordingEngine:
    """Records calls, remembers images and containers, and fails where it is told to."""

    def __init__(self, directory: Path, name: str) -> None:
        self.name = name
        self.directory = directory
        self.calls: list[Call] = []
        self.images: dict[str, Image] = {}
        self.containers: dict[str, Container] = {}
        self.description: dict[str, Any] = {}
        self.secrets: dict[str, str] = {}
        self.version = "27.1.0"
        self.failing: tuple[str, ...] = ()
        """Parts of calls that fail."""
        self.hanging: str | None = None
        """Part of a call that waits until it is killed."""
        self.hangs = threading.Event()
        self.arrived: Callable[[Call], None] = lambda call: None
        self._held: list[socket.socket] = []
        self._made = 0
        directory.mkdir()
        self._socket = socket.socket(socket.AF_UNIX)
        address = str(directory / "s")
        self._socket.bind(address)
        self._socket.listen()
        dynload = next(path for path in sys.path if path.endswith("lib-dynload"))
        program = directory / name
        program.write_text(_PROGRAM.format(python=sys.executable, dynload=dynload, address=address))
        program.chmod(0o700)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more calls."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        for each in (self._socket, *self._held):
            each.close()

    def commands(self) -> list[str]:
        """Return the calls that change something."""
        return [line for line in map(str, self.calls) if not line.startswith(LOOKING)]

    def make_image(self, name: str, **labels: str) -> str:
        """Let there be an image, and return its identity."""
        self._made += 1
        self.images[name] = Image(f"sha256:{self._made:064}", {f"launcher.{key}": text for key, text in labels.items()})
        return self.images[name].identity

    def running(self) -> set[str]:
        return {name for name, each in self.containers.items() if each.running}

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection.makefile("rb") as said:
                words, environment, taken = marshal.loads(said.read())
            known = {os.fsdecode(name): os.fsdecode(value) for name, value in environment.items()}
            call = Call(words, known, taken)
            waits = bool(self.hanging and self.hanging in str(call))
            try:
                self._record(call)
                answer = self._answer(call)
            except Exception as error:
                answer = 99, repr(error)
            if waits:
                self.hanging = None
                self._held.append(connection)
                self.hangs.set()
            else:
                connection.sendall(marshal.dumps(answer))
                connection.close()

    def _record(self, call: Call) -> None:
        for path in map(Path, after(call, "--env-file")):
            call.env_file = (path, path.stat().st_mode & 0o777, path.read_text())
        self.calls.append(call)
        self.arrived(call)

    def _answer(self, call: Call) -> tuple[int, str]:
        is_failing = any(part in str(call) for part in self.failing)
        # A container in which a command fails is there all the same.
        if is_failing and call.words[:2] != ["run", "--name"]:
            if "site-health" in call.words[-1]:
                self.containers[call.words[1]].running = False
            return 1, ""
        try:
            return int(is_failing), self._act(call)
        except (KeyError, AssertionError):
            return 1, ""

    def _act(self, call: Call) -> str:
        images, containers = self.images, self.containers
        match call.words:
            case ["version", *_]:
                return self.version
            case ["info", *_]:
                return str(self.directory)
            case ["build", *_]:
                self.make_image(after(call, "--tag")[0])
                images[after(call, "--tag")[0]].labels |= labels(call)
            case ["run", *_, "site-bootstrap", "check", _]:
                return json.dumps(self.description)
            case ["run", *_, "site-bootstrap", "secrets", _]:
                return json.dumps(self.secrets)
            case ["run", "--detach", "--name", name, *_, image]:
                assert name not in containers
                containers[name] = Container(images[image].identity, images[image].labels | labels(call))
            case ["run", "--name", name, *_]:
                containers[name] = Container("", running=False)
            case ["commit", *_, _, image]:
                self.make_image(image)
                changes = [each.removeprefix("LABEL ") for each in after(call, "--change") if each.startswith("LABEL")]
                images[image].labels |= dict(each.split("=", 1) for each in changes)
            case ["tag", old, new]:
                images[new] = images[old]
            case ["image", "rm", image]:
                del images[image]
            case ["image", "inspect", _, "{{.Id}}", image]:
                return images[image].identity
            case ["image", "inspect", _, "{{json .Config.Labels}}", name]:
                return json.dumps(images[name].labels)
            case ["container", "inspect", _, "{{json .Config.Labels}}", name]:
                return json.dumps(containers[name].labels)
            case ["container", "inspect", _, "{{.State.Running}}", name]:
                return str(containers[name].running).lower()
            case ["container", "inspect", _, "{{.Image}}", name]:
                return containers[name].image
            case ["image", "ls", *_, repository]:
                tags = {name.rpartition(":")[2]: each for name, each in images.items() if name.startswith(repository)}
                return "\n".join(f"{tag} {each.identity}" for tag, each in tags.items())
            case ["ps", *_]:
                wanted = dict(each.removeprefix("label=").split("=", 1) for each in after(call, "--filter"))
                fitting = [name for name, each in containers.items() if wanted.items() <= each.labels.items()]
                shown = [name for name in fitting if containers[name].running or "--all" in call.words]
                return "\n".join(reversed(shown))
            case ["stop", *_, name]:
                containers[name].running = False
            case ["rm", *_, name]:
                containers.pop(name, None)
            case ["exec", *_]:
                name = next(word for word in call.words[1:] if not word.startswith("--"))
                assert containers[name].running
        return ""


def after(call: Call, option: str) -> list[str]:
    """Return the values that a call gives to an option."""
    return [call.words[i + 1] for i, word in enumerate(call.words[:-1]) if word == option]


def labels(call: Call) -> dict[str, str]:
    return dict(each.split("=", 1) for each in after(call, "--label"))
