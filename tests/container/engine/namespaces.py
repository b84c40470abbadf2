"""Starts a container's first process where it sees nothing of the host but what it was given, and enters it later."""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from tests.container.engine import buildah, ports
from tests.container.engine.state import Container, find

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
START_SECONDS = 30

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def watch(container: Container) -> int:
    """Start a container, stay with it, publish its ports, and return its exit code."""
    shares_input = not container.ports and sys.stdin is not None
    words = ("unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net")
    process = subprocess.Popen(
        [*words, sys.executable, "-m", "tests.container.engine.namespaces", container.name],
        stdin=None if shares_input else subprocess.DEVNULL,
    )
    container.pid = _child(process.pid)
    container.save()
    listeners = [ports.publish(container.pid, host, port) for host, port in container.ports.items()]
    code = process.wait()
    for each in listeners:
        each.close()
    return code


def enter(container: Container, command: list[str]) -> int:
    """Run a command in a running container, and return its exit code."""
    target = f"/proc/{container.pid}"
    words = ("nsenter", "--target", str(container.pid), "--mount", "--pid", "--net", "--uts", "--ipc")
    inside = ("env", "-i", *(f"{name}={value}" for name, value in container.env.items()), *command)
    where = (f"--root={target}/root", f"--wd={target}/root")
    return subprocess.run([*words, *where, *confined(container), *inside], check=False).returncode


def confined(container: Container) -> list[str]:
    """Return the words that give a command no more rights than its container has."""
    words = ["setpriv"] if container.capabilities is not None or not container.may_gain_rights else []
    if container.capabilities is not None:
        kept = ",".join(["-all", *(f"+{name}" for name in container.capabilities)])
        words += ["--bounding-set", kept, "--inh-caps", "-all"]
    if not container.may_gain_rights:
        words += ["--no-new-privs"]
    return words


def _child(parent: int) -> int:
    """Return the process that a process has started."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if found:
            return int(found[0])
        time.sleep(0.005)
    raise TimeoutError("the container's first process did not start")


def _begin(container: Container) -> None:
    """Become the container's first process: called in namespaces of its own."""
    _loopback_up()
    socket.sethostname(container.name)
    place = buildah.place(container.worker)
    _mount("--make-rprivate", "/")
    _mount("--bind", str(place), str(place))
    _mount("-t", "proc", "proc", str(place / "proc"))
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(place / "dev"))
    for name in _DEVICES:
        (place / "dev" / name).touch()
        _mount("--bind", f"/dev/{name}", str(place / "dev" / name))
    for name, target in (("fd", "/proc/self/fd"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):
        (place / "dev" / name).symlink_to(target)
    for guest in container.tmpfs:
        _mount("-t", "tmpfs", "-o", "mode=1777,noexec,nosuid,nodev", "tmpfs", str(place / guest.lstrip("/")))
    for guest, host in container.volumes.items():
        target = place / guest.removesuffix(":ro").lstrip("/")
        if Path(host).is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.touch()
        _mount("--bind", host, str(target))
        if guest.endswith(":ro"):
            _mount("-o", "remount,bind,ro", str(target))
    if container.is_read_only:
        _mount("-o", "remount,bind,ro", str(place))
    os.chroot(place)
    os.chdir("/")
    words = [*confined(container), *container.command]
    os.execvpe(words[0], words, container.env)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _loopback_up() -> None:
    with socket.socket() as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def join_network(pid: int) -> None:
    """Let this thread open its sockets where a process is."""
    with Path(f"/proc/{pid}/ns/net").open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")


if __name__ == "__main__":
    found = find(sys.argv[1])
    assert found
    _begin(found)
