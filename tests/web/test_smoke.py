"""The smoke test: green against the real website, and red, naming the step, against sites that are broken."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import redis

from web import registry

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples/docker_container/smoke_test.py"
# No site-packages: it has to run where nothing is installed.
PYTHON = (sys.executable, "-I", "-S", "-W", "error")
IMPATIENT = """
import runpy, sys
main = runpy.run_path(sys.argv.pop(1))["main"]
main.__globals__["REQUEST_SECONDS"] = 0.4
sys.exit(main())
"""
PLENTY = {f"SITE_{kind}_PER_MINUTE": "1000" for kind in ("NEW", "ERRORS", "CHANGES", "SEARCHES")}


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What a site answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Tamper = Callable[[Asked, Callable[[], Reply]], Reply]


class Proxy(ThreadingHTTPServer):
    """A server before the site that spoils something."""

    daemon_threads = False

    def __init__(self, port: int, tamper: Tamper, *, listens: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.port, self.tamper = port, tamper
        self.asked: list[Asked] = []
        self.server_bind()
        if listens:
            self.server_activate()
        self.url = f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def served(self) -> Iterator[None]:
        thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()

    def pass_on(self, asked: Asked) -> Reply:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as site:
            site.request(asked.method, asked.path, asked.body, asked.headers)
            answer = site.getresponse()
            return Reply(answer.status, {name.title(): value for name, value in answer.getheaders()}, answer.read())


class Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, self.path, dict(self.headers), body)
        self.server.asked.append(asked)
        reply = self.server.tamper(asked, lambda: self.server.pass_on(asked))
        self.send_response_only(reply.status)
        for name, value in (reply.headers | {"Content-Length": str(len(reply.body)), "Connection": "close"}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def database(redis_url: str) -> str:
    """The URL of an empty database."""
    url = f"{redis_url}?db=9"
    with closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
    return url


@pytest.fixture(scope="module")
def port(database: str) -> Iterator[int]:
    """Where the real website listens, under gunicorn with two workers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = ["--preload", "--workers=2", f"--bind=fd://{listener.fileno()}", "--no-control-socket"]
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                *words,
                "--worker-class=uvicorn_worker.UvicornWorker",
                "web.production:app",
            ],
            cwd=ROOT,
            env={
                "PATH": "/usr/bin:/bin",
                "LOGSTER_REDIS_URL": database,
                "LOGSTER_FLUSH_INTERVAL_SECONDS": "0.02",
                **PLENTY,
            },
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
        )
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def broken(port: int, tamper: Tamper) -> Iterator[Proxy]:
    """A site with something spoilt."""
    with Proxy(port, tamper) as proxy, proxy.served():
        yield proxy


def smoke(*arguments: str, program: tuple[str, ...] = (str(SCRIPT),)) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*PYTHON, *program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def red(done: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the names of the checks that failed."""
    return set(re.findall(r"^FAIL  ([^:]+): ", done.stdout, re.MULTILINE))


def test_the_real_website_is_green(port: int) -> None:
    done = smoke(f"http://127.0.0.1:{port}")
    assert red(done) == set(), done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    *checks, summary = done.stdout.splitlines()
    assert [re.fullmatch(r"ok    (.+?) \(.+\)", line)[1] for line in checks] == [
        "home page",
        "static files",
        "compression",
        "docs",
        "own log",
        "no log for strangers",
        "Python error",
        "JavaScript error",
        "clear",
    ]
    assert summary.startswith("9 checks green, ")


def test_it_gives_its_sandbox_back(port: int, database: str) -> None:
    with closing(redis.Redis.from_url(database)) as client:
        before = client.zrange(registry.VISITED, 0, -1)
        assert smoke(f"http://127.0.0.1:{port}").returncode == 0
        assert client.zrange(registry.VISITED, 0, -1) == before


def unspoilt(asked: Asked, site: Callable[[], Reply]) -> Reply:
    return site()


def without(*names: str) -> Tamper:
    """Drop headers of all answers."""

    def tamper(asked: Asked, site: Callable[[], Reply]) -> Reply:
        reply = site()
        for name in names:
            reply.headers.pop(name, None)
        return reply

    return tamper


def instead(reply: Reply, path: str, method: str = "GET") -> Tamper:
    """Answer requests to matching addresses without asking the site."""
    return lambda asked, site: reply if asked.method == method and re.fullmatch(path, asked.path) else site()


def replaced(old: bytes, new: bytes, path: str) -> Tamper:
    """Replace something in the body of matching answers."""

    def tamper(asked: Asked, site: Callable[[], Reply]) -> Reply:
        reply = site()
        if re.fullmatch(path, asked.path):
            assert old in reply.body
            reply.body = reply.body.replace(old, new)
        return reply

    return tamper


def nginx_without_gzip(asked: Asked, site: Callable[[], Reply]) -> Reply:
    asked.headers.pop("Accept-Encoding")
    reply = site()
    reply.headers["Server"] = "nginx"
    return reply


def spoilt_gzip(asked: Asked, site: Callable[[], Reply]) -> Reply:
    reply = site()
    if reply.headers.get("Content-Encoding") == "gzip":
        reply.body = b"nothing of the kind"
    return reply


def strangers_let_in(asked: Asked, site: Callable[[], Reply]) -> Reply:
    is_stranger = asked.path.startswith("/logs/") and "Cookie" not in asked.headers
    return Reply(headers={"Content-Type": "text/html"}) if is_stranger else site()


def search_that_finds_everything(asked: Asked, site: Callable[[], Reply]) -> Reply:
    asked.path = asked.path.partition("?")[0]
    return site()


NOTHING_FOUND = Reply(headers={"Content-Type": "application/json"}, body=b'{"entries": []}')
NO_JSON = Reply(headers={"Content-Type": "application/json"}, body=b"<html>")
TO_DEMO = Reply(303, {"Location": "/demo"})
TO_LOG = Reply(303, {"Location": "/logs/"})
SEARCHES = {"Python error", "JavaScript error", "clear"}


# What is spoilt, and which checks say so.
BROKEN: dict[str, tuple[Tamper, set[str]]] = {
    "no policy": (without("Content-Security-Policy"), {"home page"}),
    "something foreign": (replaced(b'src="/logs/logster.js"', b'src="//cdn.example/x.js"', "/"), {"home page"}),
    "another site": (replaced(b"<title>Logster", b"<title>Welcome", "/"), {"home page"}),
    "static missing": (instead(Reply(404), "/static/.*css"), {"static files"}),
    "not kept": (without("Cache-Control"), {"static files"}),
    "not compressed": (nginx_without_gzip, {"compression"}),
    "wrongly compressed": (spoilt_gzip, {"compression"}),
    "docs fail": (instead(Reply(500), "/docs/cli"), {"docs"}),
    "log without style": (instead(Reply(404), "/logs/static/.*css"), {"own log"}),
    "strangers let in": (strangers_let_in, {"no log for strangers", "clear"}),
    "nothing caused": (instead(TO_DEMO, "/demo/.*", "POST"), {"Python error"}),
    "causing fails": (instead(Reply(500), "/demo/.*", "POST"), {"Python error"}),
    "beacon lost": (instead(Reply(204), "/logs/report_js_error", "POST"), {"JavaScript error"}),
    "nothing found": (instead(NOTHING_FOUND, "/logs/api/entries[?].*"), SEARCHES),
    "everything found": (search_that_finds_everything, SEARCHES),
    "no JSON": (instead(NO_JSON, "/logs/api/entries[?].*"), SEARCHES),
    "nothing cleared": (instead(TO_LOG, "/logs/clear", "POST"), {"clear"}),
}


@dataclass
class Tried:
    """A broken site, tested."""

    done: subprocess.CompletedProcess[str]
    asked: list[Asked]


@pytest.fixture(scope="module")
def tried(port: int) -> dict[str, Tried]:
    """All broken sites, tested at the same time, because each waits for what does not come."""

    def attempt(tamper: Tamper) -> Tried:
        with broken(port, tamper) as proxy:
            return Tried(smoke("--wait", "1", proxy.url), proxy.asked)

    with ThreadPoolExecutor(6) as pool:
        return dict(zip(BROKEN, pool.map(attempt, (tamper for tamper, _ in BROKEN.values())), strict=True))


@pytest.mark.parametrize("what", BROKEN)
def test_each_broken_step_is_named(tried: dict[str, Tried], what: str) -> None:
    done, (_, steps) = tried[what].done, BROKEN[what]
    assert red(done) == steps, done.stdout
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith(f"{len(steps)} of 9 checks red, ")


def test_a_log_that_strangers_see_is_not_cleared(tried: dict[str, Tried]) -> None:
    assert "/logs/clear" in {asked.path for asked in tried["no policy"].asked}
    assert "/logs/clear" not in {asked.path for asked in tried["strangers let in"].asked}


def test_a_visitor_without_a_cookie_has_no_log(port: int) -> None:
    with broken(port, without("Set-Cookie")) as proxy:
        done = smoke("--wait", "0.2", proxy.url)
    assert "FAIL  own log: expected a cookie from the first visit, came none" in done.stdout


def test_it_stays_on_the_site(port: int) -> None:
    with broken(port, unspoilt) as proxy:
        elsewhere = f"http://localhost:{proxy.server_port}/elsewhere"
        proxy.tamper = instead(Reply(302, {"Location": elsewhere}), "/")
        done = smoke(proxy.url)
        assert (
            f"FAIL  home page: expected addresses and redirects to stay on {proxy.url}, came {elsewhere}" in done.stdout
        )
        assert {asked.path for asked in proxy.asked} == {"/"}


def test_it_waits_for_a_site_that_begins_to_listen(port: int) -> None:
    with Proxy(port, unspoilt, listens=False) as proxy:
        process = subprocess.Popen([*PYTHON, str(SCRIPT), proxy.url], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            process.communicate(timeout=0.5)
        proxy.server_activate()
        with proxy.served():
            said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said


def test_where_nothing_listens_it_says_so_and_ends() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = smoke("--wait", "0.2", url)
    assert done.returncode == 1
    assert done.stdout.startswith(f"FAIL  home page: expected an answer from {url}/, came [Errno ")
    assert "Connection refused" in done.stdout
    assert len(done.stdout.splitlines()) == 3


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "timed out"),
        (b"\x1b[31mgarbage\r\n\r\n", "garbage"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "95 more expected"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>\xff\x1b[2J<![", "title"),
    ],
)
def test_what_is_no_answer_is_a_line_and_no_traceback(said: bytes, why: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            while said:
                connection, _ = listener.accept()
                with connection:
                    if not connection.recv(10_000).startswith(b"GET"):
                        return
                    connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        done = smoke("--wait", "0.2", url, program=("-c", IMPATIENT, str(SCRIPT)))
        socket.create_connection(listener.getsockname()).close()
        thread.join()
    assert done.returncode == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith("FAIL  home page: ")
    assert why in first
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["shop"],
        ["ftp://shop.example"],
        ["http://"],
        ["http://shop.example:99999"],
        ["http://ada@shop.example"],
        ["http://shop.example/?page=1"],
        ["--wait", "soon", "http://shop.example"],
        ["http://shop.example", "http://shop.example"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_explained(arguments: list[str]) -> None:
    done = smoke(*arguments)
    assert done.returncode == 2
    assert "usage: smoke_test.py" in done.stderr
