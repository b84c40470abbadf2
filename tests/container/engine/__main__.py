"""The engine's command line: those words of Docker's that the launcher uses, and no others."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.container.engine import buildah, namespaces, state
from tests.container.engine.state import Container

_FORMATS: dict[str, Callable[[Any], str]] = {
    "{{json .Config.Labels}}": lambda found: json.dumps(found.labels),
    "{{.State.Running}}": lambda found: str(found.is_running).lower(),
    "{{.Image}}": lambda found: str(found.image),
}


def version(_: Sequence[str]) -> int:
    print("28.0")
    return 0


def info(_: Sequence[str]) -> int:
    print(state.root())
    return 0


def build(words: Sequence[str]) -> int:
    parser = _parser("build")
    parser.add_argument("--tag", required=True)
    parser.add_argument("--label", action="append", default=[])
    parser.add_argument("directory")
    typed = parser.parse_args(words)
    buildah.build(typed.directory, typed.tag, typed.label, [f"DEBIAN={buildah.DEBIAN}"])
    return 0


def image(words: Sequence[str]) -> int:
    task, *rest = words
    if task == "inspect":
        _, wanted, name = rest
        found = buildah.image(name)
        print({"{{.Id}}": found["id"], "{{json .Config.Labels}}": json.dumps(found["labels"])}[wanted])
    elif task == "ls":
        for tag, identity in buildah.tags(rest[-1]):
            print(tag, identity)
    elif task == "rm":
        buildah.run("rmi", rest[-1])
    elif task == "prune":
        pass  # what has no name is in nobody's way here
    else:
        raise SystemExit(f"unknown: image {task}")
    return 0


def tag(words: Sequence[str]) -> int:
    buildah.run("tag", *words)
    return 0


def container(words: Sequence[str]) -> int:
    _, _, wanted, name = words
    print(_FORMATS[wanted](_known(name)))
    return 0


def ps(words: Sequence[str]) -> int:
    parser = _parser("ps")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--filter", action="append", default=[])
    parser.add_argument("--format", choices=["{{.Names}}"])
    typed = parser.parse_args(words)
    wanted = [each.removeprefix("label=").split("=", 1) for each in typed.filter]
    for each in state.everyone():
        if (typed.all or each.is_running) and all(each.labels.get(name) == value for name, value in wanted):
            print(each.name)
    return 0


def run(words: Sequence[str]) -> int:
    typed = _run_parser().parse_args(words)
    if typed.pull != "never":
        raise SystemExit("there is nowhere to pull from")
    found = buildah.image(typed.image)
    given = state.given()
    name = typed.name or uuid.uuid4().hex[:12]
    if state.find(name):
        raise SystemExit(f"there is a container {name} already")
    worker, place = buildah.begin(typed.image)
    created = Container(name, found["id"], worker, typed.command or found["command"])
    created.labels = found["labels"] | dict(each.split("=", 1) for each in typed.label)
    created.env = {"PATH": namespaces.PATH, **found["env"], **given["env"], **_variables(typed)}
    created.tmpfs = [each.partition(":")[0] for each in typed.tmpfs]
    created.ports = dict(_port(each) for each in typed.publish)
    created.is_read_only = typed.read_only
    created.may_gain_rights = "no-new-privileges" not in typed.security_opt
    if typed.cap_drop == "ALL":
        created.capabilities = [each.lower() for each in typed.cap_add]
    created.save()
    created.volumes = dict(given["volumes"])
    created.volumes |= dict(_volume(each, created, place) for each in typed.volume)
    created.save()
    if typed.detach:
        _leave_alone(created)
        return 0
    code = namespaces.watch(created)
    if typed.rm:
        _remove(created)
    return code


def execute(words: Sequence[str]) -> int:
    words = [each for each in words if each not in ("--interactive", "--tty")]
    found = _known(words[0])
    if not found.is_running:
        raise SystemExit(f"{found.name} does not run")
    return namespaces.enter(found, list(words[1:]))


def commit(words: Sequence[str]) -> int:
    parser = _parser("commit")
    parser.add_argument("--change", action="append", default=[])
    parser.add_argument("container")
    parser.add_argument("image")
    typed = parser.parse_args(words)
    changes = [each.split(" ", 1) for each in typed.change]
    labels = dict(value.split("=", 1) for kind, value in changes if kind == "LABEL")
    command = next(json.loads(value) for kind, value in changes if kind == "CMD")
    buildah.commit(_known(typed.container).worker, typed.image, command, labels)
    return 0


def stop(words: Sequence[str]) -> int:
    _, seconds, name = words
    found = _known(name)
    _signal(found, signal.SIGTERM)
    if not _ended(found, int(seconds)):
        _signal(found, signal.SIGKILL)
        _ended(found, 10)
        print(f"{name} had to be killed after {seconds} s", file=sys.stderr)
    return 0


def remove(words: Sequence[str]) -> int:
    found = state.find(words[-1])
    if found is None:
        return 0
    _signal(found, signal.SIGKILL)
    _ended(found, 10)
    _remove(found)
    return 0


def logs(words: Sequence[str]) -> int:
    lines = _known(words[-1]).log.read_text(errors="replace").splitlines()
    count = int(words[words.index("--tail") + 1]) if "--tail" in words else len(lines)
    print("\n".join(lines[-count:]))
    return 0


_TASKS: dict[str, Callable[[Sequence[str]], int]] = {
    "build": build,
    "commit": commit,
    "container": container,
    "exec": execute,
    "image": image,
    "info": info,
    "logs": logs,
    "ps": ps,
    "rm": remove,
    "run": run,
    "stop": stop,
    "tag": tag,
    "version": version,
}


def main(words: Sequence[str]) -> int:
    try:
        return _TASKS[words[0]](words[1:])
    except buildah.Missing as error:
        print(f"no such image: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(error, file=sys.stderr)
    return 125


def _parser(name: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=name, allow_abbrev=False)


def _run_parser() -> argparse.ArgumentParser:
    parser = _parser("run")
    for flag in ("--detach", "--interactive", "--tty", "--rm", "--read-only"):
        parser.add_argument(flag, action="store_true")
    for option in ("--name", "--pull", "--network", "--cap-drop", "--restart", "--stop-timeout", "--env-file"):
        parser.add_argument(option, default="")
    for option in ("--health-cmd", "--health-interval", "--health-start-period"):
        parser.add_argument(option)
    for option in ("--volume", "--label", "--env", "--security-opt", "--cap-add", "--publish", "--tmpfs"):
        parser.add_argument(option, action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser


def _variables(typed: argparse.Namespace) -> dict[str, str]:
    lines = Path(typed.env_file).read_text().splitlines() if typed.env_file else []
    return dict(each.split("=", 1) for each in [*lines, *typed.env])


def _volume(written: str, created: Container, place: Path) -> tuple[str, str]:
    host, _, guest = written.partition(":")
    if guest:
        return guest, host
    # Without a directory of the host it is the container's own, and begins with what the image has there.
    own = created.directory / "volumes" / host.strip("/").replace("/", "-")
    own.parent.mkdir(parents=True, exist_ok=True)
    inside = place / host.lstrip("/")
    if inside.is_dir():
        subprocess.run(["cp", "-a", str(inside), str(own)], check=True)
    else:
        own.mkdir()
    return host, str(own)


def _port(written: str) -> tuple[int, int]:
    *_, host, port = written.split(":")
    return int(host), int(port)


def _leave_alone(created: Container) -> None:
    """Start a container that goes on when this command has ended."""
    if os.fork():
        deadline = time.monotonic() + namespaces.START_SECONDS
        while time.monotonic() < deadline and not (state.find(created.name) or created).pid:
            time.sleep(0.01)
        return
    os.setsid()
    with created.log.open("ab") as log, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.closerange(3, 256)
    (created.directory / "code").write_text(str(namespaces.watch(created)))
    os._exit(0)


def _known(name: str) -> Container:
    found = state.find(name)
    if found is None:
        raise SystemExit(f"no such container: {name}")
    return found


def _signal(found: Container, number: signal.Signals) -> None:
    if found.is_running:
        os.kill(found.pid, number)


def _ended(found: Container, seconds: int) -> bool:
    deadline = time.monotonic() + seconds
    while found.is_running and time.monotonic() < deadline:
        time.sleep(0.02)
    return not found.is_running


def _remove(found: Container) -> None:
    # Whoever watches it still writes down how it ended.
    time.sleep(0.1)
    buildah.remove(found.worker)
    shutil.rmtree(found.directory / "volumes", ignore_errors=True)
    found.forget()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
