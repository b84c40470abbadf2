"""On Windows and macOS too: the core needs nothing that only Linux has, and says what is missing."""

import subprocess
import sys

import pytest

# Others may use what their system has: they are imported first, and ours when it is taken away.
OTHERS = """
import asyncio, importlib, logging, os, pkgutil, select, signal, socket, subprocess, sys, sysconfig, tempfile
import click, fakeredis, httpx2, jinja2, lupa, msgspec, pygments.formatters, pygments.lexers, re2, redis.asyncio
import redis.cluster, rich.console, rich.live, rich.table, sqlite3, starlette.testclient, uvicorn
sysconfig.get_config_vars()
asyncio.new_event_loop().close()  # which imports what the system has, from Python 3.14 on
"""

WITHOUT_LINUX = """
for module, names in {
    os: "O_TMPFILE copy_file_range eventfd getrandom memfd_create pidfd_open posix_fadvise sched_getaffinity sendfile",
    select: "epoll",
    signal: "SIGPWR SIGSTKFLT SIGPOLL SIGRTMIN sigtimedwait sigwaitinfo",
    socket: "AF_NETLINK AF_PACKET SOCK_CLOEXEC SOCK_NONBLOCK SO_PEERCRED",
}.items():
    for name in names.split():
        delattr(module, name)
"""

WITHOUT_UNIX = f"""{WITHOUT_LINUX}
for module, names in {{
    os: "fork register_at_fork geteuid getuid killpg setsid uname O_NOFOLLOW O_CLOEXEC fchmod sysconf",
    signal: "SIGKILL SIGHUP SIGUSR1 SIGUSR2 SIGALRM SIGCHLD setitimer pthread_sigmask",
    socket: "AF_UNIX",
}}.items():
    for name in names.split():
        delattr(module, name)
for name in ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"):
    sys.modules[name] = None
sys.platform = "win32"

def socketpair():  # as Python itself makes one where there are no unix sockets
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return socket.create_connection(listener.getsockname()), listener.accept()[0]

socket.socketpair = socketpair
"""

SYSTEMS = {"windows": WITHOUT_UNIX, "macos": WITHOUT_LINUX}

# Those do the work of embedded:PATH and of the spool, which ask for the system first.
OF_UNIX = {"logster.store.lock", "logster.store.rendezvous", "logster.store.valkey", "logster.delivery.segment"}

EVERY_MODULE = f"""
import logster
for module in pkgutil.walk_packages(logster.__path__, "logster."):
    optional = ("__main__" in module.name, module.name.startswith("logster.integrations."), module.name in {OF_UNIX!r})
    if not any(optional):
        importlib.import_module(module.name)
print("imported")
"""

A_REPORT_AND_ITS_PAGE = """
from starlette.testclient import TestClient
from logster import LogsterHandler
from logster.service import Service
from logster.settings import Settings
from logster.viewer.app import Viewer

service = Service(Settings(redis_url="memory://"))
handler = LogsterHandler(service=service)
logger = logging.getLogger("shop")
logger.addHandler(handler)
try:
    raise ValueError("no such order")
except ValueError:
    logger.exception("Order 7 failed")
assert service.worker.flush(10)
with TestClient(Viewer(lambda request: "Ada", service=service)) as client:
    page = client.get("/")
print(page.status_code, "Order 7 failed" in page.text, service.store.count())
logger.error("the last words")
"""

SERVERS = """
from logster.errors import ConfigurationError
from logster.store import address

for url in ("embedded:log", "unix:///run/redis.sock"):
    try:
        address.open_client(url, 1)
    except ConfigurationError as error:
        print(error)
"""


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    """What makes a Python of this one that has no more than one on that system."""
    return OTHERS + SYSTEMS[request.param]


def said_by(*code: str) -> str:
    """Return what a program says; it must end well and complain of nothing."""
    done = subprocess.run([sys.executable, "-c", "".join(code)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()


def test_every_module_can_be_imported(system: str) -> None:
    assert said_by(system, EVERY_MODULE) == "imported"


def test_what_is_reported_is_shown(system: str) -> None:
    assert said_by(system, A_REPORT_AND_ITS_PAGE) == "200 True 1"


def test_a_windows_says_which_servers_it_cannot_reach() -> None:
    embedded, through_a_socket = said_by(OTHERS, WITHOUT_UNIX, SERVERS).splitlines()
    assert "there is no server on Windows" in embedded
    assert "unix sockets" in through_a_socket
    assert "redis://HOST:PORT" in through_a_socket
