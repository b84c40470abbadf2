"""The proxies before a site, the real ones: two servers change places under constant requests, and none fails."""

import http.client
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.container.clients import Clients
from tests.container.packages import install
from tests.container.proxies import answers, free_ports, haproxy_at, running
from tests.store.waiting import wait_until

EXAMPLE = Path(__file__).parents[2] / "examples/docker_container"
sys.path.insert(0, str(EXAMPLE))

from launch.deployment import Deployment  # noqa: E402  (the line above makes it importable)
from launch.engine import Engine  # noqa: E402
from launch.place import Place  # noqa: E402
from launch.site import Site  # noqa: E402

SWAPS = 6
REQUESTS_A_SWAP = 200


class Servers(Engine):
    """An engine whose containers are servers in this process; what stops takes no more connections."""

    def __init__(self) -> None:
        super().__init__("docker")
        self.servers: dict[str, ThreadingHTTPServer] = {}

    def call(self, *words: str, stdin: object = None, quiet: bool = False) -> int:
        name = words[-1]
        if words[0] == "stop" and name in self.servers:
            server = self.servers.pop(name)
            server.shutdown()
            server.server_close()
        elif words[0] == "run" and "--publish" in words:
            port = int(words[words.index("--publish") + 1].split(":")[1])
            server = ThreadingHTTPServer(("127.0.0.1", port), handler(words[words.index("--name") + 1]))
            server.daemon_threads = False
            self.servers[words[words.index("--name") + 1]] = server
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return 0

    def ask(self, *words: str) -> str | None:
        if words[0] == "ps":
            return "\n".join(reversed(self.servers)) if "label=launcher.role=app" in words else ""
        return "true"


def handler(name: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = name.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def directory() -> Iterator[Path]:
    # Not tmp_path: a unix socket's path has to stay below 108 bytes.
    with tempfile.TemporaryDirectory(prefix="front-") as name:
        yield Path(name)


def hammered(port: int, deployment: Deployment, *, resends: bool = False) -> None:
    """Let containers change places under requests, and look that all were answered by whom they should be."""
    wait_until(lambda: status(port) == 200)  # nginx reloads at its leisure
    with Clients(port, resends=resends) as clients:
        clients.wait_for(REQUESTS_A_SWAP)
        for each in range(SWAPS):
            deployment.swap("newer", "older")
            clients.wait_for(REQUESTS_A_SWAP)
            assert clients.answers[-1] == ("demo-green", "demo-blue")[each % 2]
    assert clients.failures == []


def status(port: int) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status


def deployment_in(directory: Path, **labels: str) -> Deployment:
    found = {f"launcher.{name}": value for name, value in labels.items()}
    return Deployment(Servers(), Place(directory, "demo"), Site(expose=["80:80"], labels=found))


@pytest.fixture
def haproxy(directory: Path) -> Iterator[tuple[int, Deployment]]:
    front, blue, green = free_ports(3)
    deployment = deployment_in(
        directory, front="haproxy", socket=f"{directory}/admin.sock", backend="demo", ports=f"{blue} {green}"
    )
    with haproxy_at(directory, front, blue, green):
        yield front, deployment
        deployment.stop()


def test_swaps_behind_haproxy_fail_no_request(haproxy: tuple[int, Deployment]) -> None:
    port, deployment = haproxy
    deployment.start("older")
    hammered(port, deployment)


def test_haproxy_tells_who_gets_requests(haproxy: tuple[int, Deployment]) -> None:
    _, deployment = haproxy
    deployment.start("older")
    deployment.swap("newer", "older")
    assert deployment.front
    assert deployment.front.serving() == ["green"]


@pytest.fixture
def nginx(directory: Path) -> Iterator[tuple[int, Deployment]]:
    install("nginx")
    front, blue, green = free_ports(3)
    text = (EXAMPLE / "front/nginx.conf").read_text()
    upstream = directory / "demo.conf"
    upstream.write_text(f"server 127.0.0.1:{blue};\n")
    for old, new in (("/etc/nginx/upstreams/demo.conf", str(upstream)), ("listen 80;", f"listen 127.0.0.1:{front};")):
        assert old in text
        text = text.replace(old, new)
    paths = "".join(
        f"{kind}_temp_path {directory}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = directory / "nginx.conf"
    config.write_text(
        f"daemon off; pid {directory}/pid; error_log stderr error; events {{}}\n"
        f"http {{ access_log off; {paths}\n{text}\n}}\n"
    )
    command = f"nginx -c {config}"
    deployment = deployment_in(
        directory, front="nginx", upstream=str(upstream), nginx=command, ports=f"{blue} {green}", pause_seconds="1"
    )
    with running(command.split(), lambda: answers(front)):
        yield front, deployment
        deployment.stop()


def test_swaps_behind_nginx_fail_no_request(nginx: tuple[int, Deployment]) -> None:
    port, deployment = nginx
    deployment.start("older")
    # A reload closes connections that wait for the next request, maybe just as it comes.
    hammered(port, deployment, resends=True)
