"""Front proxies of the example, on ports of loopback."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.container.packages import install
from tests.store.waiting import wait_until

EXAMPLE = Path(__file__).parents[2] / "examples/docker_container"


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    taken = [socket.socket() for _ in range(count)]
    for each in taken:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


@contextmanager
def haproxy_at(directory: Path, front: int, blue: int, green: int) -> Iterator[None]:
    """Run HAProxy with the example's config, which listens at `front`; its admin socket is in the directory."""
    install("haproxy")
    text = (EXAMPLE / "front/haproxy.cfg").read_text()
    for old, new in (
        ("/run/haproxy/admin.sock", f"{directory}/admin.sock"),
        ("bind :80\n", f"bind 127.0.0.1:{front}\n"),
        ("127.0.0.1:8081", f"127.0.0.1:{blue}"),
        ("127.0.0.1:8082", f"127.0.0.1:{green}"),
    ):
        assert old in text
        text = text.replace(old, new)
    (directory / "haproxy.cfg").write_text(text)
    subprocess.run(["haproxy", "-c", "-q", "-f", str(EXAMPLE / "front/haproxy.cfg")], check=True)
    with running(["haproxy", "-db", "-f", str(directory / "haproxy.cfg")], lambda: answers(front)):
        yield


@contextmanager
def running(words: list[str], is_up: Callable[[], bool]) -> Iterator[None]:
    process = subprocess.Popen(words)
    try:
        wait_until(is_up)
        yield
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
