"""LogsterWSGIMiddleware around plain WSGI apps, each answer driven as a server drives it."""

import asyncio
import gc
import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from wsgiref.util import FileWrapper

import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from werkzeug.test import Client, create_environ, run_wsgi_app

from logster import bind
from logster.capture.context import current_env
from logster.entry import Entry
from logster.errors import ConfigurationError
from logster.middleware import bridge
from logster.middleware.wsgi import LogsterWSGIMiddleware
from logster.service import Service
from logster.viewer.app import Viewer
from tests.store.waiting import wait_until

Recorded = Callable[[], list[Entry]]
Start = Callable[..., Any]


def hello(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]


def boom(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    raise ValueError("no such order")


def late_boom(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"so far so good"
    raise ValueError("no such order")


class Closing:
    """An answer that fails, or does not, when the server closes it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.closed = 0
        self.env: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start_response: Start) -> "Closing":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield b"answer"

    def close(self) -> None:
        self.closed += 1
        self.env = current_env()
        if self.error:
            raise self.error


def anyone(request: Request) -> bool:
    return True


def wrap(app: Any, service: Service, **options: Any) -> LogsterWSGIMiddleware:
    return LogsterWSGIMiddleware(app, **({"authorize": anyone, "service": service} | options))


@pytest.mark.parametrize("app", [boom, late_boom, Closing(ValueError("no such order"))])
def test_an_uncaught_exception_is_recorded_with_its_request_and_raised_on(
    app: Any, service: Service, recorded: Recorded
) -> None:
    """Whether it comes from the call, from between the pieces of the answer, or from closing it."""
    environ = create_environ("/orders", query_string="order=7")
    with pytest.raises(ValueError, match="no such order"):
        run(wrap(app, service), environ)
    (entry,) = recorded()
    assert (entry.message, entry.count, entry.level) == ("ValueError: no such order", 1, "ERROR")
    assert entry.env
    assert entry.env[0]["path"] == "/orders"
    assert entry.env[0]["parameters"] == {"order": "7"}


def run(app: Any, environ: dict[str, Any]) -> bytes:
    """Call `app` as a server does, and return the body."""
    iterable = app(environ, lambda status, headers, exc_info=None: None)
    try:
        body = b"".join(iterable)
    finally:
        if hasattr(iterable, "close"):
            iterable.close()
    return body


def test_the_iterable_is_closed_once_in_the_context_of_its_request(service: Service) -> None:
    app = Closing()
    run(wrap(app, service), create_environ("/orders"))
    assert app.closed == 1
    assert app.env["path"] == "/orders"
    assert current_env() == {}


def test_what_the_call_binds_is_there_while_the_answer_is_made(service: Service) -> None:
    seen: list[Any] = []

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        bind(order=7)

        def pieces() -> Iterator[bytes]:
            for piece in (b"a", b"b"):
                seen.append((current_env()["order"], current_env()["path"]))
                yield piece

        return pieces()

    assert run(wrap(app, service), create_environ("/orders")) == b"ab"
    assert seen == [(7, "/orders"), (7, "/orders")]
    assert current_env() == {}


def test_interleaved_answers_keep_their_own_context(service: Service) -> None:
    """As gevent and the like do: one thread, several answers under way."""

    def app(environ: dict[str, Any], start_response: Start) -> Iterator[bytes]:
        for _ in range(2):
            yield current_env()["path"].encode()

    wrapped = wrap(app, service)
    answers = [iter(wrapped(create_environ(path), lambda *_: None)) for path in ("/a", "/b")]
    assert [next(answer) for _ in range(2) for answer in answers] == [b"/a", b"/b", b"/a", b"/b"]


def test_a_file_stays_what_the_server_can_send_by_itself(service: Service) -> None:
    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        return FileWrapper(Path(__file__).open("rb"))

    environ = create_environ("/") | {"wsgi.file_wrapper": FileWrapper}
    answer = wrap(app, service)(environ, lambda *_: None)
    assert isinstance(answer, FileWrapper)
    answer.close()  # type: ignore[attr-defined]


def test_the_gui_stands_at_its_path(service: Service) -> None:
    client = Client(wrap(hello, service))
    page = client.get("/logs/")
    assert page.status_code == 200
    assert "<html" in page.text
    assert client.get("/logsx").text == "/logsx"
    assert client.get("/").text == "/"


def test_the_bare_path_leads_to_the_gui(service: Service) -> None:
    answer = Client(wrap(hello, service)).get("/logs?q=timeout")
    location = answer.headers["Location"]
    assert (answer.status_code, urljoin("/prefix/logs", location)) == (307, "/prefix/logs/?q=timeout")


def test_the_gui_stands_below_the_prefix_of_its_app(service: Service) -> None:
    seen: list[str] = []

    def authorize(request: Request) -> bool:
        seen.append(request.url.path)
        return True

    environ = create_environ("/logs/", "http://localhost/shop")
    _, status, _ = run_wsgi_app(wrap(hello, service, authorize=authorize), environ)
    assert status == "200 OK"
    assert seen == ["/shop/logs/"]


def test_the_gui_is_closed_without_authorize(service: Service) -> None:
    answer = Client(wrap(hello, service, authorize=None)).get("/logs/")
    assert answer.status_code == 403
    assert "authorize" in answer.text


@pytest.mark.parametrize("allowed", [True, False])
def test_authorize_is_asked_on_the_thread_of_the_request(service: Service, allowed: bool) -> None:
    threads: list[threading.Thread] = []

    def authorize(request: Request) -> bool:
        threads.append(threading.current_thread())
        assert request.scope["wsgi_environ"]["shop.user"] == "eve"
        return allowed

    client = Client(wrap(hello, service, authorize=authorize))
    answer = client.get("/logs/", environ_overrides={"shop.user": "eve"})
    assert answer.status_code == (200 if allowed else 403)
    assert threads == [threading.current_thread()]


def test_authorize_may_be_async(service: Service) -> None:
    async def authorize(request: Request) -> bool:
        await asyncio.sleep(0)
        return request.query_params.get("key") == "7"

    client = Client(wrap(hello, service, authorize=authorize))
    assert client.get("/logs/?key=7").status_code == 200
    assert client.get("/logs/?key=8").status_code == 403


def test_an_error_in_authorize_shows_nothing(service: Service) -> None:
    def authorize(request: Request) -> bool:
        raise LookupError("no session")

    answer = Client(wrap(hello, service, authorize=authorize)).get("/logs/")
    assert answer.status_code == 500
    assert "stays closed" in answer.text


def test_a_javascript_report_asks_nobody(service: Service, recorded: Recorded) -> None:
    def authorize(request: Request) -> bool:
        raise LookupError("not to be asked")

    client = Client(wrap(hello, service, authorize=authorize))
    answer = client.post(
        "/logs/report_js_error", json={"message": "x is undefined"}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert answer.status_code == 204, answer.text
    (entry,) = recorded()
    assert (entry.source, entry.message) == ("javascript", "x is undefined")
    assert entry.env
    assert entry.env[0]["client_address"] == "192.0.2.7"


@pytest.mark.parametrize("path", ["/logs/\xff", "/logs/\xe4\xb8", "/logs/show/%00"])
def test_a_path_that_is_no_text_is_not_found(service: Service, path: str) -> None:
    environ = create_environ("/") | {"PATH_INFO": path}
    _, status, _ = run_wsgi_app(wrap(hello, service), environ)
    assert status.startswith("404")


def test_a_path_that_cannot_be_is_refused(service: Service) -> None:
    with pytest.raises(ConfigurationError, match="path of the GUI"):
        wrap(hello, service, path="logs")


@pytest.mark.parametrize("pieces", [0, 1])
def test_an_answer_that_nobody_reads_leaves_nothing_behind(
    service: Service, monkeypatch: pytest.MonkeyPatch, pieces: int
) -> None:
    tasks: list[asyncio.Task[Any]] = []

    class Noting(Viewer):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            task = asyncio.current_task()
            assert task
            tasks.append(task)
            await super().__call__(scope, receive, send)

    monkeypatch.setattr(bridge, "Viewer", Noting)
    app = LogsterWSGIMiddleware(hello, authorize=lambda _: True, service=service)
    began: list[str] = []
    answer = app(create_environ("/logs/"), lambda status, *_: began.append(status))  # type: ignore[arg-type, func-returns-value, return-value]
    assert began == ["200 OK"]
    for _, _ in zip(range(pieces), answer, strict=False):
        pass
    answer.close()  # type: ignore[attr-defined] - as a server does whose client has gone
    assert len(tasks) == 1
    wait_until(lambda: all(task.done() for task in tasks))


def test_an_answer_that_is_dropped_unread_is_no_error_of_the_program(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Endless(Viewer):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b"more", "more_body": True})

    monkeypatch.setattr(bridge, "Viewer", Endless)
    app = LogsterWSGIMiddleware(hello, authorize=lambda _: True, service=service)
    # Those of other tests, which nobody dropped yet.
    gc.collect()
    others = set(bridge._running)
    for _ in range(5):
        # In a cycle, as what a framework keeps in its request: only the collector of garbage finds it.
        dropped: list[Any] = [app(create_environ("/logs/"), lambda *_: print)]
        dropped.append(dropped)
        assert len(bridge._running - others) == 1  # so that no collector finds the task before it is ended
        del dropped
        gc.collect()
        wait_until(lambda: bridge._running <= others)
    gc.collect()
    assert "destroyed" not in caplog.text


def test_without_a_path_there_is_no_gui(service: Service) -> None:
    assert Client(wrap(hello, service, path=None)).get("/logs/").text == "/logs/"


def _status_in_child(app: LogsterWSGIMiddleware, queue: Any) -> None:
    queue.put(Client(app).get("/logs/").status_code)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_the_gui_works_in_a_process_that_was_forked_after_its_first_use(service: Service) -> None:
    app = wrap(hello, service)
    assert Client(app).get("/logs/").status_code == 200
    fork = multiprocessing.get_context("fork")
    queue = fork.Queue()
    child = fork.Process(target=_status_in_child, args=(app, queue))
    child.start()
    try:
        assert queue.get(timeout=20) == 200
    finally:
        child.terminate()
        child.join()
        queue.close()
        queue.join_thread()


WITHOUT_A2WSGI = """
import sys
sys.modules["a2wsgi"] = None
import logster
app = lambda environ, start_response: []
logster.LogsterWSGIMiddleware(app, path=None)
try:
    logster.LogsterWSGIMiddleware(app)
except ImportError as error:
    print(error)
"""


def test_only_the_gui_needs_a2wsgi_and_says_how_to_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_A2WSGI], capture_output=True, text=True, check=True)
    assert "pip install 'logster-web[wsgi]'" in done.stdout
