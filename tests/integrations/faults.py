"""The faults of a Redis that is away: each is a block, at whose end Redis is well again."""

import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from tests.integrations.persistent import Server
from tests.integrations.proxy import NOTHING, Disturbance, Proxy

PASSWORD = "the-right-one"
_SCRIPTS = frozenset({"EVALSHA"})
_IN_A_SCRIPT = "script: 0123456789abcdef0123456789abcdef01234567, on @user_script:1."


class Place:
    """A server and the proxy before it; `url` leads through the proxy. Ends with its block."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="logster-")
        self.server = Server(self._directory.name, PASSWORD)
        self.proxy = Proxy(self.server.path)
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.proxy.port}"

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        self.proxy.close()
        self.server.stop()
        self._directory.cleanup()


Fault = Callable[[Place], AbstractContextManager[None]]


@contextmanager
def killed(place: Place) -> Iterator[None]:
    """SIGKILL, and a start from the append-only file."""
    place.server.kill()
    try:
        yield
    finally:
        place.server.start()


@contextmanager
def paused(place: Place) -> Iterator[None]:
    """SIGSTOP: connections stay, and new ones are taken, but nothing is answered."""
    place.server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        place.server.signal(signal.SIGCONT)


@contextmanager
def restarted(place: Place) -> Iterator[None]:
    """An end in good order, and a start."""
    place.server.stop()
    try:
        yield
    finally:
        place.server.start()


@contextmanager
def with_another_password(place: Place) -> Iterator[None]:
    """The server's password is changed, and every connection has to be opened anew."""
    with place.server.other_password("another-one"):
        place.proxy.cut()
        yield


@contextmanager
def _disturbed(disturbance: Disturbance, place: Place) -> Iterator[None]:
    place.proxy.disturbance = disturbance
    try:
        yield
    finally:
        place.proxy.disturbance = NOTHING


def _answering(*refusals: str, refused: frozenset[str] = frozenset(), share: float = 1.0) -> Fault:
    return partial(_disturbed, Disturbance(refusals=refusals, refused=refused, share=share))


_LOADING = "LOADING Valkey is loading the dataset in memory"
_READONLY = f"READONLY You can't write against a read only replica. {_IN_A_SCRIPT}"
_OOM = f"OOM command not allowed when used memory > 'maxmemory'. {_IN_A_SCRIPT}"
_MOVED = "MOVED 3999 127.0.0.1:6381"
_NOSCRIPT = "NOSCRIPT No matching script."

FAULTS: dict[str, Fault] = {
    "SIGKILL": killed,
    "SIGSTOP": paused,
    "restart": restarted,
    "LOADING": _answering(_LOADING),
    "READONLY": _answering(_READONLY, refused=_SCRIPTS),
    "OOM": _answering(_OOM, refused=_SCRIPTS),
    "MOVED": _answering(_MOVED),
    "NOSCRIPT": _answering(_NOSCRIPT, refused=_SCRIPTS),
    "half of the calls refused": _answering(_LOADING, _READONLY, _OOM, _MOVED, _NOSCRIPT, share=0.5),
    "wrong password": with_another_password,
    "2 s of delay": partial(_disturbed, Disturbance(delay_seconds=2.0)),
    "cut in mid-reply": partial(_disturbed, Disturbance(cuts=True, share=0.2)),
    "30 % of packets lost": partial(_disturbed, Disturbance(loss=0.3)),
}
"""By what a table calls them. Where half of the calls are refused, those before and after one are applied."""
